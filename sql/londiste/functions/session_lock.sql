-- The number of a session lock of a subscription: `position` is held by the replay that serves it, `compare` by the compare that runs,
-- `tick` until that has said at which tick to stop, `reader` until both sides are being read there. Whoever waits for one goes on
-- at once when its holder dies.
-- Called by: claim_position, replay_holder, the functions of compare, compare itself to let go. Locks: none.
create or replace function londiste.session_lock(i_queue_name text, i_consumer_name text, i_purpose text)
returns bigint language sql immutable set search_path = pg_catalog, pg_temp as $$
    select hashtextextended(format('londiste.%s:%s/%s', i_purpose, i_queue_name, i_consumer_name), 0)
$$;
