-- Ticks one queue when that is due: the tick's id, or null.
-- Locks: the queue's tick lock, until commit.
create or replace function pgq.ticker(i_queue_name text) returns bigint
language plpgsql volatile security definer set search_path = pg_catalog, pg_temp
as $$
declare
    q record;
begin
    perform pgq.require_read_committed('pgq.ticker(queue)');
    select queue_id, queue_external_ticker, queue_ticker_paused into q
        from pgq.queue where queue_name = i_queue_name;
    if not found then
        raise exception 'no such queue';
    end if;
    if q.queue_external_ticker then
        raise exception 'This queue has external tick source.';
    end if;
    if q.queue_ticker_paused then
        raise exception 'Ticker has been paused for this queue';
    end if;

    perform pgq.lock_for_tick(q.queue_id);
    if not exists (
        select from pgq.tick_due d
        where d.queue_id = q.queue_id and (not d.if_news or pgq.has_news(d.queue_id, d.last_snapshot, d.new_events > 0))
    ) then
        return null;
    end if;
    return pgq.store_tick(q.queue_id, null, null, null);
end;
$$;
