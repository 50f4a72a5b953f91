-- Makes events of the retry queue due at once and returns how many: those of pgq.waiting_events, which explains the
-- arguments. The next pgq.maint_retry_events() sends them.
-- Called by: pgqadm retry now.
create or replace function pgq.retry_now(i_queue_name text, i_consumer_name text, i_event_ids bigint[]) returns bigint
language plpgsql security definer set search_path = pg_catalog, pg_temp
as $$
declare
    hastened bigint;
begin
    update pgq.retry_queue r set ev_retry_after = least(r.ev_retry_after, current_timestamp)
        from pgq.waiting_events(i_queue_name, i_consumer_name, i_event_ids) w
        where r.ev_owner = w.ev_owner and r.ev_id = w.ev_id;
    get diagnostics hastened = row_count;
    return hastened;
end;
$$;
