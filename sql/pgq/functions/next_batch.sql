-- Opens the next batch of a consumer, or returns the open one; null when there is nothing to read yet.
create or replace function pgq.next_batch(in i_queue_name text, in i_consumer_name text, out batch_id bigint)
language sql
as $$
    select b.batch_id from pgq.next_batch_custom(i_queue_name, i_consumer_name, null, null, null) b;
$$;
