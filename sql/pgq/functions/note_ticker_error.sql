-- Notes that a queue got no tick, or with nulls that it got one. A queue that keeps failing is tried at every look of the
-- ticker, several times a second: only what is new is written, and every 10 seconds that it is still so.
-- Called by: pgq.ticker().
create or replace function pgq.note_ticker_error(i_queue_id integer, i_sqlstate text, i_message text) returns void
language plpgsql
as $$
begin
    if i_message is null then
        if exists (select from pgq.ticker_error e where e.queue_id = i_queue_id) then
            delete from pgq.ticker_error e where e.queue_id = i_queue_id;
        end if;
        return;
    end if;
    insert into pgq.ticker_error as e (queue_id, since, last_time, sqlstate, message)
        values (i_queue_id, current_timestamp, current_timestamp, i_sqlstate, i_message)
        on conflict (queue_id) do update
            set last_time = excluded.last_time, sqlstate = excluded.sqlstate, message = excluded.message
            where e.last_time < current_timestamp - interval '10 seconds' or e.message <> excluded.message;
end;
$$;
