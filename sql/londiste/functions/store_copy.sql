-- Writes down what a copy is going to do before it changes anything: the tick from which events are kept, the snapshot
-- that the rows are read under, the table's file on the provider, the ranges (one without a relation is the whole table), and
-- the definitions of everything that hangs on the table here, with the index by which changes find their rows among them.
-- Called by: the copier, once the provider's snapshot is taken; for a small table only with its landing, since nothing of that is
-- dropped. Locks: the table, in access share mode; then the position row, the table's row. Returns false when the table is not
-- in `copying` any more.
create or replace function londiste.store_copy(
    i_queue_name text, i_consumer_name text, i_table_name text, i_fence bigint,
    i_hold_tick bigint, i_snapshot txid_snapshot, i_filenode bigint, i_layout_id text, i_source_digest text, i_key_index text,
    i_relations text[] default '{null}', i_filenodes bigint[] default '{null}',
    i_lower_bounds bigint[] default '{null}', i_upper_bounds bigint[] default '{null}')
returns boolean language plpgsql as $$
declare
    v_table regclass;
begin
    -- Looking at indexes waits for whoever has the table locked, and replay must not wait with us: so before the position.
    select londiste.landing_table(t)::regclass into v_table
      from londiste.table_state t
     where t.queue_name = i_queue_name and t.consumer_name = i_consumer_name and t.table_name = i_table_name;
    if not found then
        return false;
    end if;
    execute format('lock table only %s in access share mode', v_table);

    perform londiste.lock_position(i_queue_name, i_consumer_name, i_fence);
    update londiste.table_state t
       -- Rows of an earlier try that stay are as old as its first snapshot, and those outside of the copy as the position.
       set position_tick = case when t.copy_mode = 'keep' then coalesce(t.position_tick, i_hold_tick) else i_hold_tick end,
           position_snapshot = case when t.copy_mode = 'keep' then t.position_snapshot end,
           snapshot_min = case when t.copy_mode = 'keep' then coalesce(t.snapshot_min, i_snapshot) else i_snapshot end,
           snapshot_max = i_snapshot,
           filenode = i_filenode, layout_id = i_layout_id, source_digest = i_source_digest, dest_files = null
     where t.queue_name = i_queue_name and t.consumer_name = i_consumer_name and t.table_name = i_table_name
       and t.state = 'copying';
    if not found then
        return false;
    end if;

    delete from londiste.copy_range r
     where r.queue_name = i_queue_name and r.consumer_name = i_consumer_name and r.table_name = i_table_name;
    insert into londiste.copy_range (queue_name, consumer_name, table_name, nr, snapshot, relation, filenode, lower_bound, upper_bound)
    select i_queue_name, i_consumer_name, i_table_name, u.nr, i_snapshot, u.relation, u.filenode, u.lower_bound, u.upper_bound
      from unnest(i_relations, i_filenodes, i_lower_bounds, i_upper_bounds)
           with ordinality as u (relation, filenode, lower_bound, upper_bound, nr);

    -- What an earlier copy dropped and has not built again is known only from here, so it stays.
    delete from londiste.stored_definition d
     where d.queue_name = i_queue_name and d.consumer_name = i_consumer_name and d.table_name = i_table_name
       and not d.is_dropped;
    insert into londiste.stored_definition (
           queue_name, consumer_name, table_name, kind, name, definition, index_name, create_index, add_constraint, finish, tablespace,
           is_constraining, is_key, relation, family, level)
    select i_queue_name, i_consumer_name, i_table_name, x.kind, x.name, x.definition, x.index_name, x.create_index, x.add_constraint,
           x.finish, x.tablespace, x.is_constraining,
           coalesce(x.family = (select quote_ident(n.nspname) || '.' || quote_ident(i_key_index)
                                  from pg_catalog.pg_class c join pg_catalog.pg_namespace n on n.oid = c.relnamespace
                                 where c.oid = v_table), false),
           x.relation, x.family, x.level
      from londiste.index_definitions(v_table) x
     -- The index of a constraint that is being built again is known as that constraint.
     where not exists (select from londiste.stored_definition d
                        where d.queue_name = i_queue_name and d.consumer_name = i_consumer_name and d.table_name = i_table_name
                          and d.index_name = x.index_name)
    on conflict do nothing;
    return true;
end
$$;
