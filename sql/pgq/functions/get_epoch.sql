-- The epoch that a tick of a queue belongs to; null for an unknown queue.
-- Called by: consumers that store their position together with the tick.
create or replace function pgq.get_epoch(queue text, tick_id bigint) returns integer
language sql stable strict
as $$
    select max(e.epoch)
    from pgq.epoch e
        join pgq.queue q on q.queue_id = e.queue_id
    where q.queue_name = get_epoch.queue and e.first_tick_id <= get_epoch.tick_id;
$$;
