-- Makes a snapshot that some reader of this server holds (its pg_current_snapshot()) the next tick of a queue, so that
-- the reader stands exactly at a tick for as long as its transaction is open. Returns the tick's id; null when a later
-- tick was taken meanwhile: the reader then ends its transaction, takes a new snapshot and asks again.
--
-- An ordinary tick has its snapshot taken under the lock. Here the snapshot is older than the lock, so what the lock
-- would prove is checked: it sees all that the last tick sees, and nothing that is not there now.
--
-- It is a right of its own: who may call it decides where batches are cut. Nobody but the owner may until it is granted
-- (usage on the schema and execute on this function).
-- Called by: compare, and whoever must know what a subscriber holds at a tick, in a READ COMMITTED session that is not
-- the reader's.
-- Locks: the queue's tick lock, until commit.
create or replace function londiste.tick_at(i_queue_name text, i_snapshot pg_snapshot)
returns bigint language plpgsql volatile security definer set search_path = pg_catalog, pg_temp as $$
declare
    v_queue record;
    v_snapshot txid_snapshot := i_snapshot::text::txid_snapshot;
    v_last txid_snapshot;
    v_seq bigint;
    v_id bigint;
begin
    select * into v_queue from pgq.queue q where q.queue_id = londiste.queue_id(i_queue_name);
    if v_queue.queue_external_ticker or v_queue.queue_ticker_paused then
        raise exception 'queue % takes no ticks here: %', i_queue_name,
              case when v_queue.queue_external_ticker then 'they come from another node' else 'its ticker is paused' end
            using errcode = 'object_not_in_prerequisite_state',
                  hint = case when v_queue.queue_external_ticker then 'take the tick on the node that they come from'
                         else format('select pgq.set_queue_config(%L, ''ticker_paused'', ''false'')', i_queue_name) end;
    end if;
    perform pgq.lock_for_tick(v_queue.queue_id);
    select t.tick_snapshot, t.tick_event_seq into v_last, v_seq
      from pgq.tick t where t.tick_queue = v_queue.queue_id
     order by t.tick_queue desc, t.tick_id desc limit 1;
    if v_snapshot is null
       or not coalesce(pgq.snapshot_contains(v_snapshot, v_last), true)
       or not pgq.snapshot_contains(txid_current_snapshot(), v_snapshot) then
        return null;
    end if;
    -- The sequence has gone on since the snapshot was taken: what it says now would count events that are not in this tick, and
    -- the ticker would wait for others before it ticks for those. Counting none of them is harmless.
    insert into pgq.tick (tick_queue, tick_id, tick_time, tick_snapshot, tick_event_seq)
    values (v_queue.queue_id, nextval(v_queue.queue_tick_seq::regclass), clock_timestamp(), v_snapshot,
            coalesce(v_seq, 0))
    returning tick_id into v_id;
    perform pgq.note_epoch(v_queue.queue_id, v_id);
    perform pg_notify(pgq.tick_channel(i_queue_name), v_id::text);
    return v_id;
end
$$;
