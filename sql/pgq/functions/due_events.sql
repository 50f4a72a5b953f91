-- How many event ids the queues that may be due for a tick have drawn since their last ones; null when none is. This is
-- the cheap look: pgq.ticker() finds out which of them are.
-- In PL/pgSQL, which keeps the plan: it costs many times as much as running it.
-- Called by: pgq.tick_when_due.
create or replace function pgq.due_events() returns bigint
language plpgsql volatile security definer set search_path = pg_catalog, pg_temp
as $$
begin
    return (select sum(coalesce(d.new_events, 0)) from pgq.tick_due d);
end;
$$;
