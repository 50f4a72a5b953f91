-- The number of a session lock of a subscription's compare: `compare` is held by the one that runs, `tick` until it has said at
-- which tick to stop, `reader` until both sides are being read there. Whoever waits for them goes on at once when the compare dies.
-- Called by: the functions of compare, compare itself to let go. Locks: none.
create or replace function londiste.compare_lock(i_queue_name text, i_consumer_name text, i_purpose text)
returns bigint language sql immutable set search_path = pg_catalog, pg_temp as $$
    select hashtextextended(format('londiste.%s:%s/%s', i_purpose, i_queue_name, i_consumer_name), 0)
$$;
