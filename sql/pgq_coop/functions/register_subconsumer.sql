-- Registers a worker, and the consumer that it works for where that is not registered yet. Returns 1, or 0 when the
-- worker is registered already.
create or replace function pgq_coop.register_subconsumer(
    i_queue_name text, i_consumer_name text, i_subconsumer_name text
) returns integer
language plpgsql security definer set search_path = pg_catalog, pg_temp
as $$
declare
    x_name constant text := i_consumer_name || '.' || i_subconsumer_name;
    x_main record;
begin
    perform pgq.register_consumer(i_queue_name, i_consumer_name);
    if pgq.register_consumer(i_queue_name, x_name) = 0 then
        return 0;
    end if;

    select s.sub_queue, s.sub_id into x_main
        from pgq.queue q
            join pgq.subscription s on s.sub_queue = q.queue_id
            join pgq.consumer c on c.co_id = s.sub_consumer
        where q.queue_name = i_queue_name and c.co_name = i_consumer_name;
    if not found then
        raise exception 'main consumer not found';
    end if;
    update pgq.subscription
        set sub_id = x_main.sub_id, sub_last_tick = null, sub_next_tick = null
        where sub_queue = x_main.sub_queue
            and sub_consumer = (select co_id from pgq.consumer where co_name = x_name);
    return 1;
end;
$$;
