-- Takes events out of the retry queue for good and returns how many: their consumers never see them again. The
-- arguments are those of pgq.waiting_events.
-- Called by: pgqadm retry drop.
create or replace function pgq.retry_drop(i_queue_name text, i_consumer_name text, i_event_ids bigint[]) returns bigint
language plpgsql security definer set search_path = pg_catalog, pg_temp
as $$
declare
    dropped bigint;
begin
    delete from pgq.retry_queue r
        using pgq.waiting_events(i_queue_name, i_consumer_name, i_event_ids) w
        where r.ev_owner = w.ev_owner and r.ev_id = w.ev_id;
    get diagnostics dropped = row_count;
    return dropped;
end;
$$;
