-- Gives an event of an open batch up: it is kept among the dead letters of its consumer, with the reason. Returns 1, or
-- 0 when it is there already.
create or replace function pgq.event_dead(i_batch_id bigint, i_event_id bigint, i_reason text) returns integer
language sql
as $$
    select pgq.events_dead(i_batch_id, array[i_event_id], array[i_reason]);
$$;
