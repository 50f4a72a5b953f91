-- Which session replays a subscription, in words; null when none does.
-- Called by: compare. Locks: none.
create or replace function londiste.replay_holder(i_queue_name text, i_consumer_name text)
returns text language sql stable set search_path = pg_catalog, pg_temp as $$
    select londiste.lock_holder(londiste.session_lock(i_queue_name, i_consumer_name, 'position'))
$$;
