-- The tick from which events are held for tables of a subscription outside of the stream; null when none are.
-- Called by: hold_events, release_events, the copier, replay when it starts. Locks: none.
create or replace function londiste.held_tick(i_queue_name text, i_consumer_name text)
returns bigint language sql as $$
    select londiste.consumer_tick(i_queue_name, i_consumer_name || '.hold')
$$;
