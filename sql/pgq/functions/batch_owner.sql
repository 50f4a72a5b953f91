-- Whose an open batch is: the queue, the sub_id that events are retried for, and the name of the consumer, which
-- subconsumers share: theirs is the registration that came first under the sub_id.
-- Called by: pgq.events_retry, pgq.events_dead, pgq.release_staged, pgq.drop_staged.
create or replace function pgq.batch_owner(
    in i_batch_id bigint, out queue_id integer, out sub_id integer, out consumer_name text
)
language plpgsql
as $$
begin
    select s.sub_queue, s.sub_id into queue_id, sub_id from pgq.subscription s where s.sub_batch = i_batch_id;
    if not found then
        raise exception 'batch not found';
    end if;
    select c.co_name into consumer_name
        from pgq.subscription s join pgq.consumer c on c.co_id = s.sub_consumer
        where s.sub_queue = batch_owner.queue_id and s.sub_id = batch_owner.sub_id
        order by c.co_id limit 1;
end;
$$;
