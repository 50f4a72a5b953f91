-- Sees to it that the provider keeps the events that tables outside of the stream need: the subscription's hold
-- consumer stands at i_tick_id or before it afterwards. Without a tick, what the consumer itself has not finished is
-- enough. It is never moved forward, and back only as far as all events are still there, which is as far as ticks are:
-- raises LD002 when they are not. Returns the tick at which it stands. One consumer for all such tables: 10,000
-- parked ones must not mean 10,000 subscriptions.
-- Called by: replay and copier, before a copy's snapshot is taken, before the batch that parks a table is finished,
-- and before a table goes on from a position of its own.
-- Locks: the subscription's row; the queue's row in share mode, against rotation.
create or replace function londiste.hold_events(
    i_queue_name text, i_consumer_name text, i_tick_id bigint default null)
returns bigint language plpgsql set search_path = pg_catalog, pg_temp as $$
declare
    v_hold text := i_consumer_name || '.hold';
    v_stands bigint;
    v_tick bigint := i_tick_id;
begin
    perform londiste.lock_subscription(i_queue_name, i_consumer_name);
    v_stands := londiste.held_tick(i_queue_name, i_consumer_name);
    if v_stands <= v_tick or v_stands is not null and v_tick is null then
        v_tick := v_stands;
    else
        v_tick := coalesce(v_tick, londiste.consumer_tick(i_queue_name, i_consumer_name));
        if v_tick is null then
            raise exception 'consumer % of queue % is not registered', i_consumer_name, i_queue_name
                using errcode = 'undefined_object', hint = 'londiste ... subscriber register';
        end if;
        perform from pgq.queue q where q.queue_name = i_queue_name for share;
        perform from pgq.tick t join pgq.queue q on q.queue_id = t.tick_queue
          where q.queue_name = i_queue_name and t.tick_id = v_tick;
        if not found then
            raise exception 'queue % does not have the events since tick % any more', i_queue_name, v_tick
                using errcode = 'LD002', hint = 'londiste ... subscriber resync copies the table anew';
        end if;
        perform pgq.register_consumer_at(i_queue_name, v_hold, v_tick);
    end if;
    update londiste.subscription s set hold_consumer = v_hold
     where s.queue_name = i_queue_name and s.consumer_name = i_consumer_name
       and s.hold_consumer is distinct from v_hold;
    return v_tick;
end
$$;
