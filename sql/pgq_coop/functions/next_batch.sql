-- Opens the next batch of a worker, or returns the one that it has; null when there is nothing to read yet.
create or replace function pgq_coop.next_batch(i_queue_name text, i_consumer_name text, i_subconsumer_name text)
returns bigint
language sql
as $$
    select batch_id from pgq_coop.next_batch_custom(
        i_queue_name, i_consumer_name, i_subconsumer_name, null, null, null, null);
$$;

-- The same, where a worker that has had a batch open for i_dead_interval without a sign of life loses it to this one.
create or replace function pgq_coop.next_batch(
    i_queue_name text, i_consumer_name text, i_subconsumer_name text, i_dead_interval interval
) returns bigint
language sql
as $$
    select batch_id from pgq_coop.next_batch_custom(
        i_queue_name, i_consumer_name, i_subconsumer_name, null, null, null, i_dead_interval);
$$;
