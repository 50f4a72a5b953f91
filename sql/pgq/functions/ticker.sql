-- Ticks every queue that is due and returns how many got a tick. Queues with an external ticker and paused ones are
-- left alone. A queue that fails, or whose lock somebody keeps, is told as a warning, stands in pgq.ticker_error until
-- it gets a tick, and does not keep the others from theirs.
-- Called by: the ticker daemon, several times a second: when nothing is due it is one query, and takes no xid.
-- Locks: the tick lock of each queue that is due, in the order of their ids, until commit.
create or replace function pgq.ticker() returns bigint
language plpgsql volatile security definer set search_path = pg_catalog, pg_temp set lock_timeout = '2s'
as $$
declare
    q record;
    ticks bigint := 0;
begin
    perform pgq.require_read_committed('pgq.ticker()');
    for q in
        select d.queue_id, d.queue_name, d.last_tick_id
        from pgq.tick_due d
        where not d.if_news or pgq.has_news(d.queue_id, d.last_snapshot, d.new_events > 0)
        order by d.queue_id
    loop
        begin
            perform pgq.lock_for_tick(q.queue_id);
            -- Another ticker may have been here while we waited. (Not as `exists`, which is planned as a scan of all ticks.)
            if (
                select t.tick_id from pgq.tick t where t.tick_queue = q.queue_id
                order by t.tick_queue desc, t.tick_id desc limit 1
            ) is not distinct from q.last_tick_id then
                perform pgq.store_tick(q.queue_id, null, null, null);
                ticks := ticks + 1;
            end if;
            perform pgq.note_ticker_error(q.queue_id, null, null);
        exception when others then
            raise warning 'queue % got no tick: %', q.queue_name, sqlerrm using errcode = sqlstate;
            perform pgq.note_ticker_error(q.queue_id, sqlstate, sqlerrm);
        end;
    end loop;
    if ticks > 0 then
        perform pgq.compact_subscriptions();
    end if;
    return ticks;
end;
$$;
