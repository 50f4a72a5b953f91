-- Opens the next batch of a consumer and returns what it lies between; the open one again, if there is one; all nulls
-- when there is nothing to read yet. A batch can be made to wait for events (i_min_count), to cover some time
-- (i_min_interval), and to end a while ago (i_min_lag).
create or replace function pgq.next_batch_custom(
    in i_queue_name text, in i_consumer_name text,
    in i_min_lag interval, in i_min_count integer, in i_min_interval interval,
    out batch_id bigint, out cur_tick_id bigint, out prev_tick_id bigint,
    out cur_tick_time timestamptz, out prev_tick_time timestamptz,
    out cur_tick_event_seq bigint, out prev_tick_event_seq bigint
)
language plpgsql security definer set search_path = pg_catalog, pg_temp set enable_seqscan = off set enable_sort = off
as $$
declare
    s record;
    last pgq.tick;
    next pgq.tick;
begin
    loop
        select sub.* into s
            from pgq.queue q
                join pgq.current_subscription sub on sub.sub_queue = q.queue_id
                join pgq.consumer c on c.co_id = sub.sub_consumer
            where q.queue_name = i_queue_name and c.co_name = i_consumer_name;
        if not found then
            raise exception 'Not subscriber to queue: %/%',
                    coalesce(i_queue_name, 'NULL'), coalesce(i_consumer_name, 'NULL');
        end if;

        select * into last from pgq.tick where tick_queue = s.sub_queue and tick_id = s.sub_last_tick;
        if not found then
            raise exception 'PgQ corruption: Consumer % on queue % does not see tick %',
                    i_consumer_name, i_queue_name, s.sub_last_tick;
        end if;

        if s.sub_batch is not null then
            select * into next from pgq.tick where tick_queue = s.sub_queue and tick_id = s.sub_next_tick;
            exit;
        end if;

        if i_min_count is null and i_min_interval is null then
            select * into next from pgq.tick
                where tick_queue = s.sub_queue and tick_id > s.sub_last_tick
                order by tick_queue, tick_id limit 1;
        else
            select t.* into next
                from pgq.find_tick_helper(s.sub_queue, last.tick_id, last.tick_time, last.tick_event_seq,
                    i_min_count, i_min_interval) f
                    join pgq.tick t on t.tick_queue = s.sub_queue and t.tick_id = f.next_tick_id;
        end if;
        if next.tick_id is null or clock_timestamp() - next.tick_time < i_min_lag then
            return;
        end if;

        -- Opened only if nobody else has opened or moved it since we looked; else look again.
        update pgq.subscription
            set sub_batch = nextval('pgq.batch_id_seq'), sub_next_tick = next.tick_id, sub_active = now()
            where sub_queue = s.sub_queue and sub_consumer = s.sub_consumer and sub_active = s.sub_active
                and sub_batch is null and sub_last_tick = s.sub_last_tick
            returning sub_batch into s.sub_batch;
        exit when found;
        perform pgq.require_read_committed('a batch that another session opens at the same time');
    end loop;

    batch_id := s.sub_batch;
    prev_tick_id := last.tick_id;
    prev_tick_time := last.tick_time;
    prev_tick_event_seq := last.tick_event_seq;
    cur_tick_id := next.tick_id;
    cur_tick_time := next.tick_time;
    cur_tick_event_seq := next.tick_event_seq;
end;
$$;
