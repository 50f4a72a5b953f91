-- Whose a registration is: the consumer among those that share a sub_id. Its workers are called `consumer.worker`, so
-- its name is the shortest; which of them was known first (co_id) says nothing.
-- Called by: pgq.unregister_consumer, pgq.batch_owner, pgq.get_stale_consumers.
create or replace function pgq.main_consumer(i_queue_id integer, i_sub_id integer, out co_id integer, out co_name text)
language sql stable
as $$
    select c.co_id, c.co_name
    from pgq.current_subscription s join pgq.consumer c on c.co_id = s.sub_consumer
    where s.sub_queue = i_queue_id and s.sub_id = i_sub_id
    order by length(c.co_name) limit 1;
$$;
