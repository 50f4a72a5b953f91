-- The registration of a consumer, locked, as it is once the lock is there; null when there is none.
-- Not by way of pgq.current_subscription: a lock there would also take rows that another condition leaves out.
-- Called by: pgq.advance_consumer, pgq_coop.next_batch_custom. Locks: the registration, until the transaction ends.
create or replace function pgq.lock_subscription(i_queue_name text, i_consumer_name text) returns pgq.subscription
language plpgsql set enable_seqscan = off set enable_sort = off
as $$
declare
    s pgq.subscription;
begin
    select sub.* into s
        from pgq.queue q
            join pgq.consumer c on c.co_name = i_consumer_name
            cross join lateral (
                select n.*
                from pgq.subscription n
                where n.sub_queue = q.queue_id and n.sub_consumer = c.co_id
                order by n.sub_active desc
                limit 1
                for update
            ) sub
        where q.queue_name = i_queue_name;
    return s;
end;
$$;
