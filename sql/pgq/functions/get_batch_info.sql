-- What an open batch is: whose, and from where to where. All nulls when there is none of that number.
create or replace function pgq.get_batch_info(
    in x_batch_id bigint,
    out queue_name text, out consumer_name text, out batch_start timestamptz, out batch_end timestamptz,
    out prev_tick_id bigint, out tick_id bigint, out lag interval, out seq_start bigint, out seq_end bigint
)
language sql
as $$
    select q.queue_name, c.co_name, last.tick_time, cur.tick_time,
        s.sub_last_tick, s.sub_next_tick, current_timestamp - cur.tick_time, last.tick_event_seq, cur.tick_event_seq
    from pgq.subscription s
        join pgq.queue q on q.queue_id = s.sub_queue
        join pgq.consumer c on c.co_id = s.sub_consumer
        left join pgq.tick last on last.tick_queue = s.sub_queue and last.tick_id = s.sub_last_tick
        left join pgq.tick cur on cur.tick_queue = s.sub_queue and cur.tick_id = s.sub_next_tick
    where s.sub_batch = x_batch_id;
$$;
