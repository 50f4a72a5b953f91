-- The queues for which a tick is due now. Where if_news is true it is due only if pgq.has_news() agrees, which costs more
-- than everything here.
--
-- With new events: as soon as there are max_count of them, or max_lag after the last tick if they can be seen by then.
-- Without: gaps double from max_lag / 2, but at least half a second, up to idle_period. A sequence that is missing, or
-- a clock that went back, makes a tick due: the ticker then meets the fault itself and can say so. With new
-- events, so does a tick id that was drawn later than the last tick's: by pgq.force_tick, or a tick that was rolled back.
--
-- The lateral joins are two probes of the primary key of pgq.tick for each queue.
create or replace view pgq.tick_due as
select q.queue_id, q.queue_name, last.tick_id as last_tick_id, last.tick_snapshot as last_snapshot, seq.new_events,
    due.reason = 'news' as if_news
from pgq.queue q
    left join lateral (
        select t.tick_id, t.tick_time, t.tick_snapshot, t.tick_event_seq, clock_timestamp() - t.tick_time as lag
        from pgq.tick t
        where t.tick_queue = q.queue_id
        order by t.tick_queue desc, t.tick_id desc
        limit 1
    ) last on true
    left join lateral (
        select last.tick_time - t.tick_time as gap
        from pgq.tick t
        where t.tick_queue = q.queue_id and t.tick_id < last.tick_id
        order by t.tick_queue desc, t.tick_id desc
        limit 1
    ) before on true
    cross join lateral (
        select pg_sequence_last_value(to_regclass(q.queue_event_seq)) - last.tick_event_seq as new_events
    ) seq
    cross join lateral (
        select case
            when last.lag is null or last.lag < '0' or seq.new_events is null then 'fault'
            when seq.new_events >= q.queue_ticker_max_count then 'count'
            when seq.new_events > 0 and pg_sequence_last_value(to_regclass(q.queue_tick_seq)) > last.tick_id then 'forced'
            when seq.new_events > 0 and last.lag < q.queue_ticker_max_lag then null
            when seq.new_events = 0 and before.gap is null then 'idle'
            when last.lag >= greatest(q.queue_ticker_max_lag / 2, least(q.queue_ticker_idle_period, '0.5 seconds'))
                and (last.lag >= before.gap * 2 or last.lag >= q.queue_ticker_idle_period) then 'idle'
            when seq.new_events > 0 then 'news'
            when last.lag < q.queue_ticker_max_lag then null
            -- Transactions that the last tick left out, some of which have ended.
            when exists (
                select from txid_snapshot_xip(last.tick_snapshot) x
                where txid_visible_in_snapshot(x, txid_current_snapshot())
            ) then 'news'
        end as reason
    ) due
where not q.queue_external_ticker and not q.queue_ticker_paused and due.reason is not null;

-- pgq.subscription, with the newest version of each row found at once: dead versions of it, which an open transaction keeps
-- vacuum from removing, lie before it in the key. Where a function reads it for each batch, it forbids the plans that meet
-- all of them (enable_seqscan, enable_sort): they are the cheaper ones while the table is small, and plans are kept.
create or replace view pgq.current_subscription as
select s.sub_id, r.sub_queue, r.sub_consumer, s.sub_last_tick, s.sub_active, s.sub_batch, s.sub_next_tick
from pgq.registration r
    cross join lateral (
        select n.*
        from pgq.subscription n
        where n.sub_queue = r.sub_queue and n.sub_consumer = r.sub_consumer
        order by n.sub_active desc
        limit 1
    ) s;

-- What each queue is set to beyond PgQ's parameters, and whether nobody has set any of that.
create or replace view pgq.own_setting as
select q.queue_id, q.queue_name, s.consumer_drop_after, coalesce(s.ticks_kept, 4000) as ticks_kept,
    s.queue_id is null as is_default
from pgq.queue q
    left join pgq.queue_setting s on s.queue_id = q.queue_id;
