-- Makes events of the retry queue due at once and returns how many; a null stands for all queues, all consumers, all
-- events. The next pgq.maint_retry_events() sends them. What a consumer has put aside for a batch that it has not
-- finished, which is due at infinity, is left alone.
-- Called by: pgqadm retry now.
create or replace function pgq.retry_now(i_queue_name text, i_consumer_name text, i_event_ids bigint[]) returns bigint
language plpgsql security definer set search_path = pg_catalog, pg_temp
as $$
declare
    hastened bigint;
begin
    update pgq.retry_queue r set ev_retry_after = least(r.ev_retry_after, current_timestamp)
        where r.ev_retry_after <> 'infinity'
            and (i_queue_name is null
                or r.ev_queue = (select q.queue_id from pgq.queue q where q.queue_name = i_queue_name))
            and (i_consumer_name is null or exists (
                select from pgq.subscription s join pgq.consumer c on c.co_id = s.sub_consumer
                where s.sub_id = r.ev_owner and c.co_name = i_consumer_name))
            and (i_event_ids is null or r.ev_id = any (i_event_ids));
    get diagnostics hastened = row_count;
    return hastened;
end;
$$;
