-- Whether a ticker daemon of ours is connected to this database. Other tickers do not take the lock: whoever needs to
-- know about them looks at the time of the last tick.
create or replace function pgq.ticker_alive() returns boolean
language sql
as $$
    select exists (
        select from pg_locks l
            join pg_database d on d.oid = l.database
        where d.datname = current_database()
            and l.locktype = 'advisory' and l.mode = 'ShareLock' and l.granted
            and l.classid = pgq.lock_class()::oid and l.objid = 0 and l.objsubid = 2
    );
$$;
