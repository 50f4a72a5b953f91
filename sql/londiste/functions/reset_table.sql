-- Brings a table into a state in which nothing is left of what was before: no position, range, shadow or error, and no word on how a
-- copy is made. One that an operator has paused stays paused while it wants a copy.
-- Called by: subscriber_resync_table, expect_sync, which have locked the position row. Locks: the table's row. Returns 1, or 0
-- when it is not on the list.
create or replace function londiste.reset_table(
    i_queue_name text, i_consumer_name text, i_table_name text, i_state text)
returns integer language plpgsql as $$
declare
    v_nr integer;
begin
    update londiste.table_state t
       set state = i_state,
           position_snapshot = null, position_tick = null,
           snapshot_min = null, snapshot_max = null,
           copy_paused = t.copy_paused and i_state <> 'ok',
           copy_mode = 'replace', copy_where = null, copy_max_rate = null, copy_pause_lag = null,
           attempts = 0, error = null, error_sqlstate = null, error_hint = null, error_key = null,
           since = clock_timestamp()
     where t.queue_name = i_queue_name and t.consumer_name = i_consumer_name and t.table_name = i_table_name
    returning t.nr into v_nr;
    if not found then
        return 0;
    end if;
    -- After the table's row, as land_range does: the other way round each could wait for the other.
    delete from londiste.copy_range r
     where r.queue_name = i_queue_name and r.consumer_name = i_consumer_name and r.table_name = i_table_name;
    perform londiste.drop_shadow(v_nr);
    perform pg_notify('londiste_tables', i_queue_name || '/' || i_consumer_name);
    return 1;
end
$$;
