-- Puts a parked table back to work: at its position it catches up, without a copy; one whose copy failed is copied.
-- Called by: londiste subscriber retry. Locks: the position row. Returns 1, or 0 when it is not on the list; raises
-- when it is not parked.
create or replace function londiste.subscriber_retry_table(i_queue_name text, i_consumer_name text, i_table_name text)
returns integer language plpgsql as $$
declare
    v_state text;
begin
    perform londiste.lock_position(i_queue_name, i_consumer_name);
    select t.state into v_state
      from londiste.table_state t
     where t.queue_name = i_queue_name and t.consumer_name = i_consumer_name and t.table_name = i_table_name;
    if not found then
        return 0;
    end if;
    if v_state <> 'parked' then
        raise exception 'table % is not parked, its state is %', i_table_name, v_state
            using errcode = 'object_not_in_prerequisite_state',
                  hint = format('nothing to do; to copy it anew: londiste CONFIG subscriber resync %s', i_table_name);
    end if;
    update londiste.table_state t
       set state = case when t.position_snapshot is null then 'wanted' else 'catching-up' end,
           attempts = 0, error = null, error_sqlstate = null, error_hint = null, error_key = null,
           since = clock_timestamp()
     where t.queue_name = i_queue_name and t.consumer_name = i_consumer_name and t.table_name = i_table_name;
    perform pg_notify('londiste_tables', i_queue_name || '/' || i_consumer_name);
    return 1;
end
$$;
