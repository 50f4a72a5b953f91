-- Whose an open batch is: the queue, the sub_id that events are retried for, and the name of the consumer, also where
-- one of its workers has the batch.
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
    consumer_name := (select m.co_name from pgq.main_consumer(queue_id, sub_id) m);
end;
$$;
