-- Moves a consumer to a tick, which closes the last batch that it has finished: for a consumer that takes its batches by
-- ticks and keeps its position itself. An open batch is dropped. Returns 1, or 0 when it stands there already.
-- Called by: londiste's replay. Not flushed: who keeps the position elsewhere moves the consumer again after a crash.
-- Locks: the consumer's registration.
create or replace function pgq.advance_consumer(i_queue_name text, i_consumer_name text, i_tick_id bigint)
returns integer
language plpgsql security definer set search_path = pg_catalog, pg_temp set enable_seqscan = off set enable_sort = off
as $$
declare
    s constant pgq.subscription := pgq.lock_subscription(i_queue_name, i_consumer_name);
begin
    if s.sub_id is null then
        raise exception 'Not subscriber to queue: %/%',
                coalesce(i_queue_name, 'NULL'), coalesce(i_consumer_name, 'NULL');
    end if;
    if s.sub_last_tick = i_tick_id and s.sub_batch is null then
        return 0;
    end if;
    if not exists (select from pgq.tick where tick_queue = s.sub_queue and tick_id = i_tick_id) then
        raise exception 'cannot reposition, tick not found: %', i_tick_id;
    end if;
    if i_tick_id < s.sub_last_tick then
        raise exception 'consumer % of queue % stands at tick % already', i_consumer_name, i_queue_name, s.sub_last_tick
            using errcode = 'object_not_in_prerequisite_state';
    end if;
    perform set_config('synchronous_commit', 'off', true);
    update pgq.subscription
        set sub_last_tick = i_tick_id, sub_next_tick = null, sub_batch = null, sub_active = now()
        where sub_queue = s.sub_queue and sub_consumer = s.sub_consumer and sub_active = s.sub_active;
    return 1;
end;
$$;
