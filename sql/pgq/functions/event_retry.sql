-- Puts an event of an open batch aside: its consumer, and nobody else, will see it again after a time. Returns 1, or 0
-- when it was put aside already.
create or replace function pgq.event_retry(
    x_batch_id bigint, x_event_id bigint, x_retry_time timestamptz
) returns integer
language plpgsql security definer set search_path = pg_catalog, pg_temp
as $$
declare
    s record;
    e record;
begin
    select * into e from pgq.get_batch_events(x_batch_id) where ev_id = x_event_id;
    if not found then
        raise exception 'event not found';
    end if;
    select sub_queue, sub_id into s from pgq.subscription where sub_batch = x_batch_id;
    if not found then
        -- Another session has finished it while we read.
        raise exception 'batch not found';
    end if;

    insert into pgq.retry_queue (ev_retry_after, ev_queue, ev_id, ev_time, ev_txid, ev_owner, ev_retry,
            ev_type, ev_data, ev_extra1, ev_extra2, ev_extra3, ev_extra4)
        values (x_retry_time, s.sub_queue, e.ev_id, e.ev_time, null, s.sub_id, coalesce(e.ev_retry, 0) + 1,
            e.ev_type, e.ev_data, e.ev_extra1, e.ev_extra2, e.ev_extra3, e.ev_extra4)
        on conflict (ev_owner, ev_id) do nothing;
    return found::integer;
end;
$$;

create or replace function pgq.event_retry(
    x_batch_id bigint, x_event_id bigint, x_retry_seconds integer
) returns integer
language sql
as $$
    select pgq.event_retry(x_batch_id, x_event_id, current_timestamp + make_interval(secs => x_retry_seconds));
$$;
