-- Makes the next pgq.ticker() tick a queue; returns the last tick's id, null for a queue that is unknown, paused or ticked
-- from outside. Call it in a loop until the id has changed.
--
-- It draws a tick id and an event id, which pgq.tick_due sees at once, before the caller's transaction ends. (The tick's
-- first: a tick that has seen the event id is later than this.) PgQ moves the event sequence by twice ticker_max_count
-- instead: a setval() behind a writer's back hands out ids twice, and so many nextval() take minutes where
-- ticker_max_count is in the millions.
create or replace function pgq.force_tick(i_queue_name text) returns bigint
language plpgsql volatile security definer set search_path = pg_catalog, pg_temp
as $$
declare
    q record;
begin
    select queue_id, queue_tick_seq, queue_event_seq into q
        from pgq.queue
        where queue_name = i_queue_name and not queue_external_ticker and not queue_ticker_paused;
    if not found then
        return null;
    end if;

    perform nextval(q.queue_tick_seq::regclass);
    perform nextval(q.queue_event_seq::regclass);
    return (
        select tick_id
        from pgq.tick where tick_queue = q.queue_id
        order by tick_queue desc, tick_id desc limit 1);
end;
$$;
