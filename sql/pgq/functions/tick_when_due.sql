-- Waits until a queue is due for a tick and ticks what is due. Returns how many queues got a tick, 0 when there was none
-- within i_patience seconds, and how many event ids had been drawn.
--
-- The first look comes after i_pause seconds; from then on the pauses are a tenth of the time for which nothing has been
-- due (i_quiet when the wait begins), at most i_most: what an event waits for is in proportion to how rare events are.
--
-- Waiting in the server instead of asking from outside is what makes looking cheap: a look costs the server half and the
-- client nothing. Each look is a transaction of its own, because a snapshot that is kept keeps VACUUM, and the pruning of
-- rows that are updated often, from all databases' garbage. So this is a procedure, and one without settings of its own.
--
-- Called by: the ticker daemon, all the time; not in a transaction.
-- Locks: those of pgq.ticker().
create or replace procedure pgq.tick_when_due(
    in i_pause double precision, in i_quiet double precision, in i_most double precision,
    in i_patience double precision, inout ticks bigint default 0, inout events bigint default 0
)
language plpgsql
as $$
declare
    least_pause constant double precision := 0.005;
    began constant timestamptz := pg_catalog.clock_timestamp();
    waited double precision := 0;
    pause double precision := i_pause;
begin
    loop
        perform pg_catalog.pg_sleep(pause);
        events := pgq.due_events();
        if events is not null then
            ticks := pgq.ticker();
            if ticks > 0 then
                return;
            end if;
        end if;
        waited := extract(epoch from pg_catalog.clock_timestamp() - began);
        exit when waited >= i_patience;
        commit;
        pause := greatest(least((i_quiet + waited) / 10, i_most, i_patience - waited), least_pause);
    end loop;
    events := 0;
end;
$$;
