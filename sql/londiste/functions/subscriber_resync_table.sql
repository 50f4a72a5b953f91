-- Asks for a new copy of a table, whatever state it is in.
-- Called by: londiste subscriber resync, reset_position. Locks: the position row, so that replay is between two
-- batches: it applies the table's events in none that ends after this. Returns 1, or 0 when it is not on the list.
create or replace function londiste.subscriber_resync_table(i_queue_name text, i_consumer_name text, i_table_name text)
returns integer language plpgsql as $$
begin
    perform londiste.lock_position(i_queue_name, i_consumer_name);
    delete from londiste.copy_range r
     where r.queue_name = i_queue_name and r.consumer_name = i_consumer_name and r.table_name = i_table_name;
    update londiste.table_state t
       set state = 'wanted',
           position_snapshot = null, position_tick = null,
           snapshot_min = null, snapshot_max = null,
           copy_mode = 'replace', copy_where = null, copy_max_rate = null, copy_pause_lag = null,
           attempts = 0, error = null, error_sqlstate = null, error_hint = null, error_key = null,
           since = clock_timestamp()
     where t.queue_name = i_queue_name and t.consumer_name = i_consumer_name and t.table_name = i_table_name;
    if not found then
        return 0;
    end if;
    perform pg_notify('londiste_tables', i_queue_name || '/' || i_consumer_name);
    return 1;
end
$$;
