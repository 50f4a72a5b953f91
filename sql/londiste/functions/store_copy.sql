-- Writes down what a copy is going to do before it changes anything: the tick from which events are kept, the snapshot
-- that the rows are read under, the table's file on the provider, one range (the whole table), and the definitions of
-- everything that hangs on the table here.
-- Called by: the copier, once the provider's snapshot is taken. Locks: the position row, the table's row. Returns false
-- when the table is not in `copying` any more.
create or replace function londiste.store_copy(
    i_queue_name text, i_consumer_name text, i_table_name text, i_fence bigint,
    i_hold_tick bigint, i_snapshot txid_snapshot, i_filenode bigint, i_layout_id text)
returns boolean language plpgsql as $$
declare
    v_table regclass;
begin
    perform londiste.lock_position(i_queue_name, i_consumer_name, i_fence);
    update londiste.table_state t
       set position_tick = i_hold_tick, snapshot_min = i_snapshot, snapshot_max = i_snapshot,
           filenode = i_filenode, layout_id = i_layout_id
     where t.queue_name = i_queue_name and t.consumer_name = i_consumer_name and t.table_name = i_table_name
       and t.state = 'copying'
    returning coalesce(t.dest_table, t.table_name) into v_table;
    if not found then
        return false;
    end if;

    delete from londiste.copy_range r
     where r.queue_name = i_queue_name and r.consumer_name = i_consumer_name and r.table_name = i_table_name;
    insert into londiste.copy_range (queue_name, consumer_name, table_name, nr, snapshot)
    values (i_queue_name, i_consumer_name, i_table_name, 1, i_snapshot);

    -- What an earlier copy dropped and has not built again is known only from here, so it stays.
    delete from londiste.stored_definition d
     where d.queue_name = i_queue_name and d.consumer_name = i_consumer_name and d.table_name = i_table_name
       and not d.is_dropped;
    insert into londiste.stored_definition (queue_name, consumer_name, table_name, kind, name, definition)
    select i_queue_name, i_consumer_name, i_table_name, x.kind, x.name, x.definition
      from (select 'index', c.relname, pg_get_indexdef(i.indexrelid)
              from pg_catalog.pg_index i join pg_catalog.pg_class c on c.oid = i.indexrelid
             where i.indrelid = v_table
            union all
            select 'constraint', c.conname, pg_get_constraintdef(c.oid)
              from pg_catalog.pg_constraint c
             where c.conrelid = v_table
            union all
            select 'trigger', t.tgname, pg_get_triggerdef(t.oid)
              from pg_catalog.pg_trigger t
             where t.tgrelid = v_table and not t.tgisinternal) as x (kind, name, definition)
    on conflict do nothing;
    return true;
end
$$;
