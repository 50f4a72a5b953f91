-- Stores a tick that was taken elsewhere, under the id, time and event sequence that it has there; the snapshot is this
-- server's. Both sequences of the queue follow.
-- Called by: whoever copies a queue from another node.
-- Locks: the queue's tick lock, until commit.
create or replace function pgq.ticker(
    i_queue_name text, i_tick_id bigint, i_orig_timestamp timestamptz, i_event_seq bigint
) returns bigint
language plpgsql volatile security definer set search_path = pg_catalog, pg_temp
as $$
declare
    q record;
begin
    perform pgq.require_read_committed('pgq.ticker(queue, tick_id, time, event_seq)');
    select queue_id, queue_tick_seq, queue_event_seq into q
        from pgq.queue
        where queue_name = i_queue_name and queue_external_ticker and not queue_ticker_paused;
    if not found then
        raise exception 'queue not found or ticker disabled: %', i_queue_name;
    end if;

    perform pgq.lock_for_tick(q.queue_id);
    perform pgq.store_tick(q.queue_id, i_tick_id, i_orig_timestamp, i_event_seq);
    perform pgq.seq_setval(q.queue_tick_seq, i_tick_id);
    perform pgq.seq_setval(q.queue_event_seq, i_event_seq);
    return i_tick_id;
end;
$$;
