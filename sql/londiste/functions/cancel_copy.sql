-- Gives the copy of a table up: parks it with that reason, at the position that it has if all of its rows are here. The copier is
-- told, and stops. What a copy has dropped stays known: see missing_definitions.
-- A shadow goes, unless it has all rows.
-- Called by: londiste copy cancel. Locks: the position row, then the table's row. Returns 1, or 0 when the table is not on the
-- list; raises when it has no copy.
create or replace function londiste.cancel_copy(i_queue_name text, i_consumer_name text, i_table_name text)
returns integer language plpgsql as $$
declare
    v_table londiste.table_state;
begin
    perform londiste.lock_position(i_queue_name, i_consumer_name);
    v_table := londiste.lock_copied_table(
        i_queue_name, i_consumer_name, i_table_name, '{wanted,copying,building,catching-up,ready}');
    if v_table.table_name is null then
        return 0;
    end if;
    perform londiste.park_table(
        i_queue_name, i_consumer_name, i_table_name, null, array[v_table.state],
        v_table.position_tick,
        case when v_table.state = 'building' then coalesce(v_table.position_snapshot, v_table.snapshot_min) end,
        'its copy was cancelled by an operator', null,
        case when v_table.state in ('wanted', 'copying')
             then format('to copy it anew: londiste CONFIG subscriber resync %s', i_table_name)
             else format(E'to go on: londiste CONFIG subscriber retry %1$s\nto copy it anew: londiste CONFIG subscriber resync %1$s', i_table_name) end,
        null);
    update londiste.table_state t set copy_paused = false
     where t.queue_name = i_queue_name and t.consumer_name = i_consumer_name and t.table_name = i_table_name;
    perform pg_notify('londiste_tables', i_queue_name || '/' || i_consumer_name);
    return 1;
end
$$;
