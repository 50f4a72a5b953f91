-- Registers a consumer at a tick, or at the last one when x_tick_pos is null. Returns 1 for a new one; a consumer that
-- is registered already is moved to x_tick_pos, when there is one, loses its open batch, and 0 is returned.
-- Locks: the queue's row in share mode, so that rotation does not take away the events behind the tick meanwhile; then
-- the consumer's row, then its registration.
create or replace function pgq.register_consumer_at(
    x_queue_name text, x_consumer_name text, x_tick_pos bigint
) returns integer
language plpgsql security definer set search_path = pg_catalog, pg_temp
as $$
declare
    q record;
    x_consumer_id integer;
    x_tick_id bigint;
begin
    select queue_id into q from pgq.queue where queue_name = x_queue_name for share;
    if not found then
        raise exception 'Event queue not created yet';
    end if;

    select tick_id into x_tick_id
        from pgq.tick
        where tick_queue = q.queue_id and tick_id = coalesce(x_tick_pos, tick_id)
        order by tick_queue desc, tick_id desc limit 1;
    if not found and x_tick_pos is not null then
        raise exception 'cannot reposition, tick not found: %', x_tick_pos;
    end if;

    -- Others may make the consumer, or remove it with its last registration, at this moment.
    loop
        select co_id into x_consumer_id from pgq.consumer where co_name = x_consumer_name for key share;
        exit when found;
        insert into pgq.consumer (co_name) values (x_consumer_name) on conflict (co_name) do nothing;
    end loop;

    if x_tick_pos is not null then
        update pgq.subscription
            set sub_last_tick = x_tick_id, sub_batch = null, sub_next_tick = null, sub_active = now()
            where sub_queue = q.queue_id and sub_consumer = x_consumer_id;
        if found then
            return 0;
        end if;
    elsif exists (select from pgq.registration where sub_queue = q.queue_id and sub_consumer = x_consumer_id) then
        return 0;
    end if;

    if x_tick_id is null then
        raise exception 'No ticks for this queue.  Please run ticker on database.';
    end if;
    begin
        insert into pgq.subscription (sub_queue, sub_consumer, sub_last_tick)
            values (q.queue_id, x_consumer_id, x_tick_id);
    exception when unique_violation then
        return 0;
    end;
    return 1;
end;
$$;
