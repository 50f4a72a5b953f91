-- The sequences of a subscription with the value that each was last set to, in the order in which they were added.
-- Called by: every subscriber command, replay. Locks: none.
create or replace function londiste.subscriber_get_seq_list(i_queue_name text, i_consumer_name text)
returns setof londiste.subscriber_seq language sql stable as $$
    select *
      from londiste.subscriber_seq s
     where s.queue_name = i_queue_name and s.consumer_name = i_consumer_name
     order by s.nr
$$;
