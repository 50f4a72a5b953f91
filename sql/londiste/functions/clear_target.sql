-- Takes the indexes off a table that the caller has just emptied, in the same transaction, so that rows come in quickly; their
-- definitions are stored. What drop_indexes and index_definitions tell of stays, and the key where i_keep_key asks for it. Notes in
-- which files the table lies now.
-- Called by: the copier, last before it commits. Locks: the table; then the position row and the table's row. Returns the names
-- of what is gone, of what is in partitions that of the whole; null when the table is not in this copy's hands any more, and then
-- the caller rolls back.
create or replace function londiste.clear_target(
    i_queue_name text, i_consumer_name text, i_table_name text, i_fence bigint, i_snapshot txid_snapshot, i_keep_key boolean)
returns text[] language plpgsql as $$
declare
    v_table regclass := (
        select londiste.landing_table(t)::regclass from londiste.table_state t
         where t.queue_name = i_queue_name and t.consumer_name = i_consumer_name and t.table_name = i_table_name);
    v_gone text[] := londiste.drop_indexes(array(
        select x.family
          from londiste.index_definitions(v_table) x
          -- By the index: of a constraint that was being built again there may be no more yet.
          left join londiste.stored_definition d
            on d.queue_name = i_queue_name and d.consumer_name = i_consumer_name and d.table_name = i_table_name
           and d.index_name = x.index_name
         where x.family is not null
         group by x.family
        having bool_and(x.is_droppable and d.name is not null and not (i_keep_key and d.is_key))));
begin
    perform londiste.lock_position(i_queue_name, i_consumer_name, i_fence);
    update londiste.stored_definition d set is_dropped = true
     where d.queue_name = i_queue_name and d.consumer_name = i_consumer_name and d.table_name = i_table_name
       and d.family = any (v_gone);
    update londiste.table_state t
       set dest_files = (select string_agg(f.relation || ' ' || f.filenode, ', ' order by f.relation)
                           from londiste.table_files(v_table::text) f)
     where t.queue_name = i_queue_name and t.consumer_name = i_consumer_name and t.table_name = i_table_name
       and t.state = 'copying' and t.snapshot_max::text = i_snapshot::text;
    if not found then
        return null;
    end if;
    return array(select format('%s %s', d.kind, d.name)
                   from londiste.stored_definition d
                  where d.queue_name = i_queue_name and d.consumer_name = i_consumer_name and d.table_name = i_table_name
                    and d.index_name = any (v_gone)
                  order by d.name);
end
$$;
