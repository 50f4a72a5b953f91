-- How long the oldest events that a consumer has not finished have been in a tick, in milliseconds; 0 when there are none, or no
-- such consumer.
-- Called by: the copier, which yields to replay. Locks: none.
create or replace function londiste.replay_lag(i_queue_name text, i_consumer_name text)
returns float8 language plpgsql set search_path = pg_catalog, pg_temp as $$
begin
    return (
        select coalesce(extract(epoch from clock_timestamp() - min(t.tick_time)) * 1000, 0)
          from pgq.queue q
          join pgq.tick s on s.tick_queue = q.queue_id
           and s.tick_id = (select londiste.consumer_tick(i_queue_name, i_consumer_name))
          join pgq.tick t on t.tick_queue = q.queue_id and t.tick_id > s.tick_id and t.tick_event_seq > s.tick_event_seq
         where q.queue_name = i_queue_name);
end
$$;
