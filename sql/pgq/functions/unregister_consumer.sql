-- Takes a consumer from a queue, with its open batch and the events that it wanted to retry. Returns how many
-- registrations went: 0 when there was none, more than 1 when subconsumers shared it.
-- Locks: the consumer's row, then its registration: the order of pgq.register_consumer_at.
create or replace function pgq.unregister_consumer(x_queue_name text, x_consumer_name text) returns integer
language plpgsql security definer set search_path = pg_catalog, pg_temp
as $$
declare
    s record;
    is_main boolean;
    removed integer;
begin
    perform from pgq.consumer where co_name = x_consumer_name for update;
    select sub.sub_id, sub.sub_queue, c.co_id into s
        from pgq.queue q
            join pgq.subscription sub on sub.sub_queue = q.queue_id
            join pgq.consumer c on c.co_id = sub.sub_consumer
        where q.queue_name = x_queue_name and c.co_name = x_consumer_name
        for update of sub;
    if not found then
        return 0;
    end if;

    -- One of the workers of a consumer goes alone, the consumer takes all of them along.
    is_main := s.co_id = (select m.co_id from pgq.main_consumer(s.sub_queue, s.sub_id) m);
    if is_main then
        delete from pgq.retry_queue where ev_owner = s.sub_id;
    end if;
    delete from pgq.subscription
        where sub_queue = s.sub_queue and sub_id = s.sub_id and (is_main or sub_consumer = s.co_id);
    get diagnostics removed = row_count;

    delete from pgq.consumer c
        where c.co_id = s.co_id and not exists (select from pgq.subscription o where o.sub_consumer = c.co_id);
    return removed;
end;
$$;
