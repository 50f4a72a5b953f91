-- The first key of every advisory lock of ours, "pgq" in ASCII. The second is a queue's id (whoever holds it takes that
-- queue's next tick), 0 (shared: a ticker daemon lives) or -1 (an installer works).
create or replace function pgq.lock_class() returns integer
language sql immutable parallel safe
as $$
    select 1885827328;
$$;
