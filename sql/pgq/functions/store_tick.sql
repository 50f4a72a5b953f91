-- Stores a tick of a queue with the snapshot of now and returns its id. Nulls stand for: the next id, the time of now,
-- the event sequence of now. The caller has called pgq.lock_for_tick, in a statement of its own.
--
-- The time is the clock's, not the transaction's: the transaction may have begun before the last tick and waited.
-- Nothing of the tick is written as an event: whether a transaction sees itself in its own snapshot depends on others.
--
-- Called by: the three forms of pgq.ticker.
create or replace function pgq.store_tick(
    i_queue_id integer, i_tick_id bigint, i_tick_time timestamptz, i_event_seq bigint
) returns bigint
language plpgsql
as $$
declare
    this record;
    last record;
    new_id bigint;
begin
    -- The id before all else: who draws one afterwards (pgq.force_tick) wants a later snapshot than this one's.
    new_id := coalesce(i_tick_id,
        (select nextval(q.queue_tick_seq::regclass) from pgq.queue q where q.queue_id = i_queue_id));

    -- The event sequence, then a snapshot that knows all who have drawn from it: it sees their events, or lists them as
    -- running, and pgq.has_news finds their events when they commit. An event that is counted and in neither would wait
    -- for the next idle tick.
    select null::txid_snapshot as snapshot,
            coalesce(i_event_seq, pg_sequence_last_value(q.queue_event_seq::regclass)) as event_seq
        into this
        from pgq.queue q where q.queue_id = i_queue_id;
    this.snapshot := pgq.complete_snapshot();

    select t.tick_snapshot as snapshot, t.tick_event_seq as event_seq
        into last
        from pgq.tick t where t.tick_queue = i_queue_id
        order by t.tick_queue desc, t.tick_id desc limit 1;

    -- A database that was restored from a dump, or whose xids went back otherwise: batches between the old ticks and
    -- a new one would be wrong.
    if found and not pgq.snapshot_contains(this.snapshot, last.snapshot) then
        raise exception 'Invalid PgQ state: old xmin=%, old xmax=%, cur txid=%',
                txid_snapshot_xmin(last.snapshot), txid_snapshot_xmax(last.snapshot), txid_snapshot_xmax(this.snapshot)
            using detail = format('The last tick of queue %s does not lie in the past of this server.', i_queue_id),
                hint = 'Was the database restored from a dump? Drop the queue and create it again.';
    end if;
    if last.event_seq > this.event_seq then
        raise warning 'Negative new_events?  old=% cur=%', last.event_seq, this.event_seq;
    end if;

    insert into pgq.tick (tick_queue, tick_id, tick_time, tick_snapshot, tick_event_seq)
    values (i_queue_id, new_id, coalesce(i_tick_time, clock_timestamp()), this.snapshot, this.event_seq);

    perform pgq.note_epoch(i_queue_id, new_id);
    perform pg_notify('pgq_' || i_queue_id, new_id::text);
    return new_id;
end;
$$;
