-- Drops a queue with its events and ticks. Consumers keep it alive, unless x_force unregisters them all. Returns 1.
-- Locks: the queue's tick lock and its row; ACCESS EXCLUSIVE on its event tables.
create or replace function pgq.drop_queue(x_queue_name text, x_force boolean) returns integer
language plpgsql security definer set search_path = pg_catalog, pg_temp
as $$
declare
    q record;
    n integer;
begin
    select queue_id into q from pgq.queue where queue_name = x_queue_name;
    if found then
        perform pg_advisory_xact_lock(pgq.lock_class(), q.queue_id);
    end if;
    -- Looked at again: another session may have dropped it while we waited.
    select * into q from pgq.queue where queue_name = x_queue_name for update;
    if not found then
        raise exception 'No such event queue';
    end if;

    if x_force then
        perform pgq.unregister_consumer(x_queue_name, c.co_name)
            from pgq.subscription s join pgq.consumer c on c.co_id = s.sub_consumer
            where s.sub_queue = q.queue_id;
    elsif exists (select from pgq.subscription where sub_queue = q.queue_id) then
        raise exception 'cannot drop queue, consumers still attached'
            using hint = format('unregister them, or: select pgq.drop_queue(%L, true)', x_queue_name);
    end if;

    for n in 0 .. q.queue_ntables - 1 loop
        execute format('drop table %s_%s', q.queue_data_pfx, n);
    end loop;
    execute format('drop table %s', q.queue_data_pfx);
    execute format('drop sequence %s', q.queue_tick_seq);
    execute format('drop sequence %s', q.queue_event_seq);

    delete from pgq.retry_queue where ev_queue = q.queue_id;
    delete from pgq.tick where tick_queue = q.queue_id;
    delete from pgq.epoch where queue_id = q.queue_id;
    delete from pgq.queue where queue_id = q.queue_id;
    return 1;
end;
$$;

create or replace function pgq.drop_queue(x_queue_name text) returns integer
language sql
as $$
    select pgq.drop_queue(x_queue_name, false);
$$;
