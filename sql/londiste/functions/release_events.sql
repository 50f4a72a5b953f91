-- Moves the hold consumer of a subscription forward to a tick, the lowest that any of its tables still needs; never
-- back. With null no table needs one, and it is unregistered.
-- Called by: the copier, at the end of each pass. Returns the tick where it stands, or null. Locks: the
-- subscription's row.
create or replace function londiste.release_events(i_queue_name text, i_consumer_name text, i_tick_id bigint)
returns bigint language plpgsql set search_path = pg_catalog, pg_temp as $$
declare
    v_hold text := i_consumer_name || '.hold';
    v_tick bigint;
begin
    perform londiste.lock_subscription(i_queue_name, i_consumer_name);
    v_tick := londiste.held_tick(i_queue_name, i_consumer_name);
    if i_tick_id is null then
        perform pgq.unregister_consumer(i_queue_name, v_hold) where v_tick is not null;
        update londiste.subscription s set hold_consumer = null
         where s.queue_name = i_queue_name and s.consumer_name = i_consumer_name and s.hold_consumer is not null;
        return null;
    end if;
    if i_tick_id > v_tick then
        perform pgq.register_consumer_at(i_queue_name, v_hold, i_tick_id);
        v_tick := i_tick_id;
    end if;
    return v_tick;
end
$$;
