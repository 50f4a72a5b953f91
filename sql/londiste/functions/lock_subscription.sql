-- The row of a subscription, locked until the end of the transaction: whoever moves its hold consumer does so alone.
-- Called by: hold_events, release_events. Locks: the row.
create or replace function londiste.lock_subscription(i_queue_name text, i_consumer_name text)
returns londiste.subscription language plpgsql set search_path = pg_catalog, pg_temp as $$
declare
    v_subscription londiste.subscription;
begin
    select * into v_subscription from londiste.subscription s
     where s.queue_name = i_queue_name and s.consumer_name = i_consumer_name for update;
    if not found then
        raise exception 'consumer % of queue % is not registered', i_consumer_name, i_queue_name
            using errcode = 'undefined_object', hint = 'londiste ... subscriber register';
    end if;
    return v_subscription;
end
$$;
