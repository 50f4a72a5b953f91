-- Registers a consumer at the last tick of a queue: it will see the events from then on. Returns 1, or 0 when it is
-- registered already.
create or replace function pgq.register_consumer(x_queue_name text, x_consumer_id text) returns integer
language sql
as $$
    select pgq.register_consumer_at(x_queue_name, x_consumer_id, null);
$$;
