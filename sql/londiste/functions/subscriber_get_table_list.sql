-- The tables of a subscription with their states, in the order in which they were added.
-- Called by: every subscriber command, the copier, replay. Locks: none.
create or replace function londiste.subscriber_get_table_list(i_queue_name text, i_consumer_name text)
returns setof londiste.table_state language sql stable as $$
    select *
      from londiste.table_state t
     where t.queue_name = i_queue_name and t.consumer_name = i_consumer_name
     order by t.nr
$$;
