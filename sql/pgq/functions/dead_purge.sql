-- Deletes dead letters of a consumer of a queue that are older than i_older_than; a null stands for all queues, all
-- consumers, any age. Returns how many went.
create or replace function pgq.dead_purge(i_queue_name text, i_consumer_name text, i_older_than interval)
returns bigint
language plpgsql security definer set search_path = pg_catalog, pg_temp
as $$
declare
    purged bigint;
begin
    if i_queue_name is not null and not exists (select from pgq.queue where queue_name = i_queue_name) then
        raise exception 'No such event queue';
    end if;
    delete from pgq.dead_letter d
        using pgq.queue q
        where q.queue_id = d.dl_queue and (i_queue_name is null or q.queue_name = i_queue_name)
            and (i_consumer_name is null or d.dl_consumer = i_consumer_name)
            and d.dl_time <> 'infinity'
            and (i_older_than is null or d.dl_time < current_timestamp - i_older_than);
    get diagnostics purged = row_count;
    return purged;
end;
$$;
