-- Moves the position of a subscription to a tick, in the transaction that applied the batch which the tick closes.
-- Deferred constraints are checked first: at the commit their failure could not be told from others any more.
-- A compare that waits for the tick is told.
-- Called by: replay. Locks: the row, which the caller has locked before.
create or replace function londiste.set_position(
    i_queue_name text, i_consumer_name text,
    i_tick_id bigint, i_tick_time timestamptz, i_tick_snapshot txid_snapshot, i_tick_event_seq bigint, i_epoch integer)
returns void language plpgsql as $$
declare
    v_request bigint;
begin
    set constraints all immediate;
    update londiste.position p
       set tick_id = i_tick_id,
           tick_time = i_tick_time,
           tick_snapshot = i_tick_snapshot,
           tick_event_seq = i_tick_event_seq,
           epoch = i_epoch,
           applied_at = clock_timestamp()
     where p.queue_name = i_queue_name and p.consumer_name = i_consumer_name
    returning p.compare_request into v_request;
    if v_request is not null then
        perform pg_notify('londiste_compare', format('%s/%s/%s', i_queue_name, i_consumer_name, i_tick_id));
    end if;
end
$$;
