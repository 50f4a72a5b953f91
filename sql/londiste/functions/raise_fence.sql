-- Raises the fence of a subscription to a number; never lowers it. Returns what it is now: a caller that gets
-- another number than its own has been replaced by a later replay.
-- Called by: replay, when it begins to serve. Locks: the subscription's row.
create or replace function londiste.raise_fence(i_queue_name text, i_consumer_name text, i_fence bigint)
returns bigint language plpgsql set search_path = pg_catalog, pg_temp as $$
declare
    v_fence bigint;
begin
    update londiste.subscription s set fence = greatest(s.fence, i_fence)
     where s.queue_name = i_queue_name and s.consumer_name = i_consumer_name
    returning s.fence into v_fence;
    if not found then
        raise exception 'consumer % of queue % has no subscription', i_consumer_name, i_queue_name
            using errcode = 'undefined_object', hint = 'londiste ... subscriber register';
    end if;
    return v_fence;
end
$$;
