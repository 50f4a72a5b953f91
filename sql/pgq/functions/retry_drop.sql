-- Takes events out of the retry queue for good and returns how many: their consumers never see them again. The nulls, and
-- what is left alone, are as in pgq.retry_now.
-- Called by: pgqadm retry drop.
create or replace function pgq.retry_drop(i_queue_name text, i_consumer_name text, i_event_ids bigint[]) returns bigint
language plpgsql security definer set search_path = pg_catalog, pg_temp
as $$
declare
    dropped bigint;
begin
    delete from pgq.retry_queue r
        where r.ev_retry_after <> 'infinity'
            and (i_queue_name is null
                or r.ev_queue = (select q.queue_id from pgq.queue q where q.queue_name = i_queue_name))
            and (i_consumer_name is null or exists (
                select from pgq.subscription s join pgq.consumer c on c.co_id = s.sub_consumer
                where s.sub_id = r.ev_owner and c.co_name = i_consumer_name))
            and (i_event_ids is null or r.ev_id = any (i_event_ids));
    get diagnostics dropped = row_count;
    return dropped;
end;
$$;
