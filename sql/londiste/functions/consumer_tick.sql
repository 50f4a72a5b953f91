-- The last tick that a consumer of a queue has finished; null when there is no such consumer.
-- Volatile, so that it reads under a snapshot taken after it has the table's lock: under an older one the table is empty
-- once pgq.compact_subscriptions has been there.
-- Called by: held_tick, hold_events, replay_lag. Locks: none.
create or replace function londiste.consumer_tick(i_queue_name text, i_consumer_name text)
returns bigint language plpgsql set search_path = pg_catalog, pg_temp
set enable_seqscan = off set enable_sort = off as $$
begin
    return (select s.sub_last_tick
              from pgq.current_subscription s
              join pgq.queue q on q.queue_id = s.sub_queue
              join pgq.consumer c on c.co_id = s.sub_consumer
             where q.queue_name = i_queue_name and c.co_name = i_consumer_name);
end
$$;
