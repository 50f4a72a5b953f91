-- Unregisters the consumers that nobody has run for longer than their queue's consumer_drop_after, with a warning for
-- each, and returns how many. Queues without that setting, which is the default, keep every consumer.
-- Called by: the maintainer, as pgq.maint_operations() says. Locks: those of pgq.unregister_consumer.
create or replace function pgq.maint_stale_consumers() returns integer
language plpgsql security definer set search_path = pg_catalog, pg_temp
as $$
declare
    c record;
    dropped integer := 0;
begin
    perform pgq.require_read_committed('pgq.maint_stale_consumers()');
    for c in select * from pgq.get_stale_consumers(null) loop
        -- Whoever has it locked is using it; and it may have come back since we looked.
        perform from pgq.subscription s
                join pgq.queue q on q.queue_id = s.sub_queue
                join pgq.consumer o on o.co_id = s.sub_consumer
            where q.queue_name = c.queue_name and o.co_name = c.consumer_name
            for update of s skip locked;
        if found and exists (
            select from pgq.get_stale_consumers(null) still
            where still.queue_name = c.queue_name and still.consumer_name = c.consumer_name
        ) then
            perform pgq.unregister_consumer(c.queue_name, c.consumer_name);
            raise warning 'consumer % of queue % was dropped: it has not taken its next batch for %, and the queue keeps consumers for %',
                c.consumer_name, c.queue_name, date_trunc('second', c.waiting), c.drop_after;
            dropped := dropped + 1;
        end if;
    end loop;
    return dropped;
end;
$$;
