-- How far consumers are: one, those of a queue (name null), or all (both null). lag is the age of the last tick that
-- was processed, pending_events what has been written since then by anybody, an upper bound. Unknown names give no rows.
create or replace function pgq.get_consumer_info(
    in i_queue_name text, in i_consumer_name text,
    out queue_name text, out consumer_name text, out lag interval, out last_seen interval,
    out last_tick bigint, out current_batch bigint, out next_tick bigint, out pending_events bigint
) returns setof record
language sql security definer set search_path = pg_catalog, pg_temp
as $$
    select q.queue_name, c.co_name, current_timestamp - t.tick_time, current_timestamp - s.sub_active,
        s.sub_last_tick, s.sub_batch, s.sub_next_tick,
        pgq.seq_getval(q.queue_event_seq) - t.tick_event_seq
    from pgq.current_subscription s
        join pgq.queue q on q.queue_id = s.sub_queue
        join pgq.consumer c on c.co_id = s.sub_consumer
        left join pgq.tick t on t.tick_queue = s.sub_queue and t.tick_id = s.sub_last_tick
    where (i_queue_name is null or q.queue_name = i_queue_name)
        and (i_consumer_name is null or c.co_name = i_consumer_name)
    order by q.queue_name, c.co_name;
$$;

create or replace function pgq.get_consumer_info(
    in i_queue_name text,
    out queue_name text, out consumer_name text, out lag interval, out last_seen interval,
    out last_tick bigint, out current_batch bigint, out next_tick bigint, out pending_events bigint
) returns setof record
language sql
as $$
    select * from pgq.get_consumer_info(i_queue_name, null);
$$;

create or replace function pgq.get_consumer_info(
    out queue_name text, out consumer_name text, out lag interval, out last_seen interval,
    out last_tick bigint, out current_batch bigint, out next_tick bigint, out pending_events bigint
) returns setof record
language sql
as $$
    select * from pgq.get_consumer_info(null, null);
$$;
