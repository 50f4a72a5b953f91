-- Takes the indexes off a table that the caller has just emptied, in the same transaction, so that rows come in quickly; their
-- definitions are stored. What others depend on stays: a key that foreign keys reference or a view groups by, what a parent's
-- index needs; so does everything where the role does not own the table, and the key where i_keep_key asks for it. Notes in
-- which files the table lies now.
-- Called by: the copier, last before it commits. Locks: the table; then the position row and the table's row. Returns the names
-- of what is gone; null when the table is not in this copy's hands any more, and then the caller rolls back.
create or replace function londiste.clear_target(
    i_queue_name text, i_consumer_name text, i_table_name text, i_fence bigint, i_snapshot txid_snapshot, i_keep_key boolean)
returns text[] language plpgsql as $$
declare
    v_table regclass := (
        select londiste.landing_table(t)::regclass from londiste.table_state t
         where t.queue_name = i_queue_name and t.consumer_name = i_consumer_name and t.table_name = i_table_name);
    v_one record;
    v_gone text[] := '{}';
begin
    -- A partitioned table's indexes are those of its partitions, which could not be told from the partitions' own any more.
    for v_one in
        select x.kind, x.name, x.index_name
          from londiste.index_definitions(v_table) x
          join londiste.stored_definition d
            on d.queue_name = i_queue_name and d.consumer_name = i_consumer_name and d.table_name = i_table_name
           and d.kind = x.kind and d.name = x.name
         where x.is_droppable and not (i_keep_key and d.is_key)
           and exists (select from pg_catalog.pg_class c where c.oid = v_table and c.relkind = 'r')
         order by x.name
    loop
        begin
            execute case v_one.kind
                when 'index' then format('drop index %s restrict', v_one.index_name)
                else format('alter table %s drop constraint %I restrict', v_table, v_one.name) end;
            v_gone := v_gone || format('%s %s', v_one.kind, v_one.name);
        exception
            when dependent_objects_still_exist or insufficient_privilege or feature_not_supported
                 or wrong_object_type or invalid_table_definition then
        end;
    end loop;
    perform londiste.lock_position(i_queue_name, i_consumer_name, i_fence);
    update londiste.stored_definition d set is_dropped = true
     where d.queue_name = i_queue_name and d.consumer_name = i_consumer_name and d.table_name = i_table_name
       and format('%s %s', d.kind, d.name) = any (v_gone);
    update londiste.table_state t
       set dest_files = (select string_agg(f.relation || ' ' || f.filenode, ', ' order by f.relation)
                           from londiste.table_files(v_table::text) f)
     where t.queue_name = i_queue_name and t.consumer_name = i_consumer_name and t.table_name = i_table_name
       and t.state = 'copying' and t.snapshot_max::text = i_snapshot::text;
    return case when found then v_gone end;
end
$$;
