-- Says how the copy of a table is made that was just asked for: see table_state. Where rows stay they have a
-- position, if one is known; a copy of some of the rows needs it.
-- Called by: londiste subscriber resync, in the transaction of subscriber_resync_table. Locks: the table's row.
create or replace function londiste.set_copy_options(
    i_queue_name text, i_consumer_name text, i_table_name text, i_mode text, i_where text,
    i_position_tick bigint, i_position_snapshot txid_snapshot, i_max_rate bigint, i_pause_lag bigint)
returns void language sql as $$
    update londiste.table_state t
       set copy_mode = i_mode, copy_where = i_where, copy_max_rate = i_max_rate, copy_pause_lag = i_pause_lag,
           position_tick = i_position_tick, position_snapshot = i_position_snapshot
     where t.queue_name = i_queue_name and t.consumer_name = i_consumer_name and t.table_name = i_table_name
       and t.state = 'wanted'
$$;
