-- Takes a worker from its consumer. Returns 1, or 0 when there is none. A batch that it has open is an error
-- (i_batch_handling 0) or dropped with it (1): no other worker sees the events of that batch then.
-- Locks: the worker's row, then its registration: the order of pgq.unregister_consumer.
create or replace function pgq_coop.unregister_subconsumer(
    i_queue_name text, i_consumer_name text, i_subconsumer_name text, i_batch_handling integer
) returns integer
language plpgsql security definer set search_path = pg_catalog, pg_temp
as $$
declare
    s record;
begin
    perform from pgq.consumer where co_name = i_consumer_name || '.' || i_subconsumer_name for update;
    select sub.sub_queue, sub.sub_consumer, sub.sub_batch into s
        from pgq.queue q
            join pgq.subscription sub on sub.sub_queue = q.queue_id
            join pgq.consumer c on c.co_id = sub.sub_consumer
            join pgq.subscription main on main.sub_queue = sub.sub_queue and main.sub_id = sub.sub_id
            join pgq.consumer m on m.co_id = main.sub_consumer
        where q.queue_name = i_queue_name and c.co_name = i_consumer_name || '.' || i_subconsumer_name
            and m.co_name = i_consumer_name
        for update of sub;
    if not found then
        return 0;
    end if;
    if s.sub_batch is not null and i_batch_handling is distinct from 1 then
        raise exception 'subconsumer has active batch';
    end if;

    delete from pgq.subscription where sub_queue = s.sub_queue and sub_consumer = s.sub_consumer;
    delete from pgq.consumer c
        where c.co_id = s.sub_consumer and not exists (select from pgq.subscription o where o.sub_consumer = c.co_id);
    return 1;
end;
$$;
