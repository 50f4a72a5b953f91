-- The dead letters of a consumer of a queue, the oldest first; a null stands for all queues, or all consumers.
create or replace function pgq.get_dead_events(i_queue_name text, i_consumer_name text)
returns setof pgq.dead_letter
language sql stable security definer set search_path = pg_catalog, pg_temp
as $$
    select d.*
        from pgq.dead_letter d join pgq.queue q on q.queue_id = d.dl_queue
        where (i_queue_name is null or q.queue_name = i_queue_name)
            and (i_consumer_name is null or d.dl_consumer = i_consumer_name)
            and d.dl_time <> 'infinity'
        order by d.dl_id;
$$;
