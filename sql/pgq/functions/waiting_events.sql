-- The keys of events in the retry queue; a null stands for all queues, all consumers, all events. What a consumer has put
-- aside for a batch that it has not finished, which is due at infinity, is left out.
-- Called by: pgq.retry_now, pgq.retry_drop, in whose statements the server puts this query.
create or replace function pgq.waiting_events(
    in i_queue_name text, in i_consumer_name text, in i_event_ids bigint[], out ev_owner integer, out ev_id bigint
) returns setof record
language sql stable
as $$
    select r.ev_owner, r.ev_id
    from pgq.retry_queue r
    where r.ev_retry_after <> 'infinity'
        and (i_queue_name is null
            or r.ev_queue = (select q.queue_id from pgq.queue q where q.queue_name = i_queue_name))
        and (i_consumer_name is null or exists (
            select from pgq.subscription s join pgq.consumer c on c.co_id = s.sub_consumer
            where s.sub_id = r.ev_owner and c.co_name = i_consumer_name))
        and (i_event_ids is null or r.ev_id = any (i_event_ids));
$$;
