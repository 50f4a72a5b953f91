-- Opens the next batch of a worker and returns what it lies between; the one that it has, if it has one; else that of
-- another worker that has given no sign of life for i_dead_interval, which is unregistered; all nulls when there is
-- nothing to read yet. The other arguments are those of pgq.next_batch_custom. Registers the worker where it is not.
--
-- Locks: the main registration, so that workers take their batches one after the other.
create or replace function pgq_coop.next_batch_custom(
    in i_queue_name text, in i_consumer_name text, in i_subconsumer_name text,
    in i_min_lag interval, in i_min_count integer, in i_min_interval interval, in i_dead_interval interval,
    out batch_id bigint, out cur_tick_id bigint, out prev_tick_id bigint,
    out cur_tick_time timestamptz, out prev_tick_time timestamptz,
    out cur_tick_event_seq bigint, out prev_tick_event_seq bigint
)
language plpgsql security definer set search_path = pg_catalog, pg_temp set enable_seqscan = off set enable_sort = off
as $$
declare
    x_main constant pgq.subscription := pgq.lock_subscription(i_queue_name, i_consumer_name);
    x_worker pgq.subscription;
    x_dead record;
begin
    if x_main.sub_id is null then
        raise exception 'main consumer not registered? %.%', i_queue_name, i_consumer_name;
    end if;
    perform pgq_coop.register_subconsumer(i_queue_name, i_consumer_name, i_subconsumer_name);
    x_worker := pgq.lock_subscription(i_queue_name, i_consumer_name || '.' || i_subconsumer_name);

    batch_id := x_worker.sub_batch;
    if batch_id is null and i_dead_interval is not null then
        select c.co_name, s.sub_batch, s.sub_last_tick, s.sub_next_tick into x_dead
            from pgq.current_subscription s
                join pgq.consumer c on c.co_id = s.sub_consumer
            where s.sub_queue = x_main.sub_queue and s.sub_id = x_main.sub_id
                and s.sub_consumer not in (x_main.sub_consumer, x_worker.sub_consumer)
                and s.sub_batch is not null and s.sub_active < clock_timestamp() - i_dead_interval
            order by s.sub_active
            limit 1;
        -- Unless that one has finished its batch after all meanwhile.
        if (pgq.lock_subscription(i_queue_name, x_dead.co_name)).sub_batch = x_dead.sub_batch then
            perform pgq_coop.unregister_subconsumer(
                i_queue_name, i_consumer_name, substr(x_dead.co_name, length(i_consumer_name) + 2), 1);
            batch_id := x_dead.sub_batch;
            prev_tick_id := x_dead.sub_last_tick;
            cur_tick_id := x_dead.sub_next_tick;
        end if;
    end if;
    if batch_id is null then
        if x_main.sub_batch is not null then
            raise exception 'main consumer has batch open?';
        end if;
        select b.batch_id, b.prev_tick_id, b.cur_tick_id into batch_id, prev_tick_id, cur_tick_id
            from pgq.next_batch_custom(i_queue_name, i_consumer_name, i_min_lag, i_min_count, i_min_interval) b;
        if batch_id is null then
            return;
        end if;
        update pgq.subscription
            set sub_last_tick = sub_next_tick, sub_next_tick = null, sub_batch = null, sub_active = now()
            where sub_batch = next_batch_custom.batch_id;
    end if;

    update pgq.subscription s
        set sub_batch = next_batch_custom.batch_id, sub_active = clock_timestamp(),
            sub_last_tick = coalesce(next_batch_custom.prev_tick_id, s.sub_last_tick),
            sub_next_tick = coalesce(next_batch_custom.cur_tick_id, s.sub_next_tick)
        where s.sub_queue = x_worker.sub_queue and s.sub_consumer = x_worker.sub_consumer
            and s.sub_active = x_worker.sub_active
        returning s.sub_last_tick, s.sub_next_tick into prev_tick_id, cur_tick_id;
    select t.tick_time, t.tick_event_seq into prev_tick_time, prev_tick_event_seq
        from pgq.tick t where t.tick_queue = x_main.sub_queue and t.tick_id = prev_tick_id;
    select t.tick_time, t.tick_event_seq into cur_tick_time, cur_tick_event_seq
        from pgq.tick t where t.tick_queue = x_main.sub_queue and t.tick_id = cur_tick_id;
end;
$$;

create or replace function pgq_coop.next_batch_custom(
    in i_queue_name text, in i_consumer_name text, in i_subconsumer_name text,
    in i_min_lag interval, in i_min_count integer, in i_min_interval interval,
    out batch_id bigint, out cur_tick_id bigint, out prev_tick_id bigint,
    out cur_tick_time timestamptz, out prev_tick_time timestamptz,
    out cur_tick_event_seq bigint, out prev_tick_event_seq bigint
)
language sql
as $$
    select * from pgq_coop.next_batch_custom(
        i_queue_name, i_consumer_name, i_subconsumer_name, i_min_lag, i_min_count, i_min_interval, null);
$$;
