-- The queues for which a tick is due now. The ticker asks it once for all queues, and once more for each queue after it
-- has the queue's lock.
--
-- With new events: as soon as there are max_count of them, or max_lag after the last tick. Without: gaps double from
-- max_lag / 2 up to idle_period. A sequence that is missing, or a clock that went back, makes a tick due: the ticker
-- then meets the fault itself and can say so.
--
-- The lateral joins are two probes of the primary key of pgq.tick for each queue.
create or replace view pgq.tick_due as
select q.queue_id, q.queue_name
from pgq.queue q
    left join lateral (
        select t.tick_id, t.tick_time, t.tick_event_seq, clock_timestamp() - t.tick_time as lag
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
where not q.queue_external_ticker
    and not q.queue_ticker_paused
    and case
        when last.lag is null or last.lag < '0' or seq.new_events is null then true
        when seq.new_events > 0 then
            seq.new_events >= q.queue_ticker_max_count or last.lag >= q.queue_ticker_max_lag
        when before.gap is null then true
        else
            last.lag >= q.queue_ticker_max_lag / 2
            and (last.lag >= before.gap * 2 or last.lag >= q.queue_ticker_idle_period)
    end;
