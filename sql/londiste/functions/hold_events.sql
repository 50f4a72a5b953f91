-- Sees to it that the provider keeps the events that tables outside of the stream need: registers the
-- subscription's hold consumer at the tick where the consumer itself stands, unless it is there, in which case it
-- stays where it is. Returns the tick at which it stands. One consumer for all such tables: 10,000 parked ones must
-- not mean 10,000 subscriptions.
-- Called by: replay and copier, before a copy's snapshot is taken and before the batch that parks a table is
-- finished.
-- Locks: the subscription's row.
create or replace function londiste.hold_events(i_queue_name text, i_consumer_name text)
returns bigint language plpgsql set search_path = pg_catalog, pg_temp as $$
declare
    v_hold text := i_consumer_name || '.hold';
    v_tick bigint;
begin
    perform from londiste.subscription s
      where s.queue_name = i_queue_name and s.consumer_name = i_consumer_name for update;
    v_tick := londiste.consumer_tick(i_queue_name, v_hold);
    if v_tick is null then
        v_tick := londiste.consumer_tick(i_queue_name, i_consumer_name);
        if v_tick is null then
            raise exception 'consumer % of queue % is not registered', i_consumer_name, i_queue_name
                using errcode = 'undefined_object', hint = 'londiste … subscriber register';
        end if;
        perform pgq.register_consumer_at(i_queue_name, v_hold, v_tick);
    end if;
    update londiste.subscription s set hold_consumer = v_hold
     where s.queue_name = i_queue_name and s.consumer_name = i_consumer_name
       and s.hold_consumer is distinct from v_hold;
    return v_tick;
end
$$;
