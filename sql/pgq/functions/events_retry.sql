-- As pgq.event_retry for many events of a batch, which is read once: each is seen again after as many seconds as stand
-- at its place. A null stages it: it is seen again once pgq.release_staged says so. Returns how many were not put aside
-- already; an id that is not in the batch is an error, and nothing is put aside.
create or replace function pgq.events_retry(
    i_batch_id bigint, i_event_ids bigint[], i_retry_seconds integer[]
) returns integer
language plpgsql security definer set search_path = pg_catalog, pg_temp
as $$
declare
    b record;
    retried integer;
begin
    b := pgq.batch_owner(i_batch_id);
    with
    wanted as (
        select distinct on (w.ev_id) w.ev_id, w.seconds
            from unnest(i_event_ids, i_retry_seconds) w (ev_id, seconds)
    ),
    -- An event whose consumer was moved back can be in a batch as it was and as it was retried.
    found as (
        select distinct on (e.ev_id) e.*, w.seconds
            from pgq.get_batch_events(i_batch_id) e join wanted w on w.ev_id = e.ev_id
            order by e.ev_id, e.ev_retry desc nulls last
    ),
    stored as (
        insert into pgq.retry_queue (ev_retry_after, ev_queue, ev_id, ev_time, ev_txid, ev_owner, ev_retry,
                ev_type, ev_data, ev_extra1, ev_extra2, ev_extra3, ev_extra4)
            select coalesce(current_timestamp + make_interval(secs => f.seconds), 'infinity'),
                    b.queue_id, f.ev_id, f.ev_time, null, b.sub_id, coalesce(f.ev_retry, 0) + 1,
                    f.ev_type, f.ev_data, f.ev_extra1, f.ev_extra2, f.ev_extra3, f.ev_extra4
                from found f
            on conflict (ev_owner, ev_id) do nothing
            returning 1
    )
    select case when (select count(*) from found) = (select count(*) from wanted)
            then (select count(*) from stored) end
        into retried;
    if retried is null then
        raise exception 'event not found';
    end if;
    return retried;
end;
$$;
