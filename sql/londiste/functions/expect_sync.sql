-- Takes an operator's word that a table's rows are those of the provider where the subscription stands: the table is `ok`
-- without a copy, from whatever state, and replay applies its events from that position on.
-- Called by: londiste subscriber add, resync. Locks: the position row, so that replay is between two batches. Returns 1, or 0
-- when the table is not on the list; raises when there is no position yet, or a copy has left something of the table undone.
create or replace function londiste.expect_sync(i_queue_name text, i_consumer_name text, i_table_name text)
returns integer language plpgsql as $$
declare
    v_tick bigint;
    v_missing text;
begin
    select p.tick_id into v_tick from londiste.lock_position(i_queue_name, i_consumer_name) p;
    if v_tick is null then
        raise exception 'table %: this subscription stands nowhere yet, so that nothing can be equal there', i_table_name
            using errcode = 'object_not_in_prerequisite_state', hint = 'londiste CONFIG replay -d, then this again';
    end if;
    select string_agg(d.kind || ' ' || d.name, ', ') into v_missing
      from londiste.missing_definitions(i_queue_name, i_consumer_name, i_table_name) d
     where not d.is_there;
    if v_missing is not null then
        raise exception 'table %: its copy has dropped % and not built it again', i_table_name, v_missing
            using errcode = 'object_not_in_prerequisite_state',
                  hint = format('londiste CONFIG subscriber resync %s without --expect-sync, or build it', i_table_name);
    end if;
    delete from londiste.copy_range r
     where r.queue_name = i_queue_name and r.consumer_name = i_consumer_name and r.table_name = i_table_name;
    update londiste.table_state t
       set state = 'ok',
           position_snapshot = null, position_tick = null,
           snapshot_min = null, snapshot_max = null,
           copy_paused = false, copy_mode = 'replace', copy_where = null, copy_max_rate = null, copy_pause_lag = null,
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
