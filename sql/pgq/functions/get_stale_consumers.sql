-- Consumers that nobody runs: they could have taken a batch all of the last i_for, and have not moved in that time. A
-- consumer whose queue got no ticks had nothing to take. A null i_for asks for those that their queue's
-- consumer_drop_after says shall go. Workers that share a registration count for their consumer: one that moves keeps
-- all of them. But one that has not touched its open batch in that time holds rotation by itself, and is named.
--
-- waiting is for how long the next batch has been there, last_seen as in pgq.get_consumer_info, drop_after the queue's
-- setting (null: never). While such a consumer stays, its queue keeps all events since last_tick.
-- Called by: monitoring, pgq.maint_stale_consumers.
create or replace function pgq.get_stale_consumers(
    in i_for interval,
    out queue_name text, out consumer_name text, out last_seen interval, out waiting interval,
    out last_tick bigint, out pending_events bigint, out drop_after interval
) returns setof record
language sql stable security definer set search_path = pg_catalog, pg_temp
as $$
    select q.queue_name, c.co_name, current_timestamp - c.active, current_timestamp - next.tick_time,
        c.tick, pgq.seq_getval(q.queue_event_seq) - passed.tick_event_seq, s.consumer_drop_after
    from (
        select g.sub_queue, main.co_name, g.active, g.tick
        from (
            select sub_queue, sub_id, max(sub_active) as active, min(sub_last_tick) as tick
            from pgq.subscription
            group by sub_queue, sub_id
        ) g cross join lateral pgq.main_consumer(g.sub_queue, g.sub_id) main
        union
        select w.sub_queue, own.co_name, w.sub_active, w.sub_last_tick
        from pgq.subscription w join pgq.consumer own on own.co_id = w.sub_consumer
        where w.sub_batch is not null
    ) c
        join pgq.queue q on q.queue_id = c.sub_queue
        left join pgq.queue_setting s on s.queue_id = c.sub_queue
        left join pgq.tick passed on passed.tick_queue = c.sub_queue and passed.tick_id = c.tick
        cross join lateral (
            select t.tick_time from pgq.tick t
            where t.tick_queue = c.sub_queue and t.tick_id > c.tick
            order by t.tick_queue, t.tick_id limit 1
        ) next
    where greatest(c.active, next.tick_time) < current_timestamp - coalesce(i_for, s.consumer_drop_after)
    order by q.queue_name, c.co_name;
$$;

create or replace function pgq.get_stale_consumers(
    out queue_name text, out consumer_name text, out last_seen interval, out waiting interval,
    out last_tick bigint, out pending_events bigint, out drop_after interval
) returns setof record
language sql
as $$
    select * from pgq.get_stale_consumers('1 day');
$$;
