-- Makes the next pgq.ticker() tick a queue, by making it look busy; returns the last tick's id, null for a queue that
-- is unknown, paused or ticked from outside. Call it in a loop until the id has changed.
--
-- The event sequence is drawn from, never set: a setval() behind a writer's back could hand out an id twice.
create or replace function pgq.force_tick(i_queue_name text) returns bigint
language plpgsql volatile security definer set search_path = pg_catalog, pg_temp
as $$
declare
    q record;
    last_tick bigint;
begin
    select queue_id, queue_event_seq, queue_ticker_max_count into q
        from pgq.queue
        where queue_name = i_queue_name and not queue_external_ticker and not queue_ticker_paused;
    if not found then
        return null;
    end if;

    perform nextval(q.queue_event_seq::regclass)
        from generate_series(1, q.queue_ticker_max_count::bigint * 2 + 1000);

    select tick_id into last_tick
        from pgq.tick where tick_queue = q.queue_id
        order by tick_queue desc, tick_id desc limit 1;
    return last_tick;
end;
$$;
