-- Says for the rest of this session that a ticker daemon serves this database; pgq.ticker_alive() reads it.
-- Called by: the ticker daemon after connecting.
-- Locks: the advisory lock (pgq.lock_class(), 0), shared, until the session ends.
create or replace function pgq.announce_ticker() returns void
language sql
as $$
    select pg_advisory_lock_shared(pgq.lock_class(), 0);
$$;
