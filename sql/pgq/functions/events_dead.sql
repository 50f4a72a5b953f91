-- As pgq.event_dead for many events of a batch, which is read once, with a reason for each. Staged letters are seen by
-- nobody until pgq.release_staged. Returns how many letters were not there already; an id that is not in the batch is an
-- error, and no letter is stored.
create or replace function pgq.events_dead(
    i_batch_id bigint, i_event_ids bigint[], i_reasons text[], i_staged boolean default false
) returns integer
language plpgsql security definer set search_path = pg_catalog, pg_temp
as $$
declare
    b record;
    died integer;
begin
    b := pgq.batch_owner(i_batch_id);
    with
    wanted as (
        select distinct on (w.ev_id) w.ev_id, w.reason
            from unnest(i_event_ids, i_reasons) w (ev_id, reason)
    ),
    found as (
        select distinct on (e.ev_id) e.*, w.reason
            from pgq.get_batch_events(i_batch_id) e join wanted w on w.ev_id = e.ev_id
            order by e.ev_id, e.ev_retry desc nulls last
    ),
    stored as (
        insert into pgq.dead_letter (dl_queue, dl_consumer, dl_time, dl_reason, ev_id, ev_time, ev_txid, ev_owner,
                ev_retry, ev_type, ev_data, ev_extra1, ev_extra2, ev_extra3, ev_extra4)
            select b.queue_id, b.consumer_name,
                    case when i_staged then 'infinity' else current_timestamp end, f.reason,
                    f.ev_id, f.ev_time, f.ev_txid, b.sub_id, f.ev_retry,
                    f.ev_type, f.ev_data, f.ev_extra1, f.ev_extra2, f.ev_extra3, f.ev_extra4
                from found f
            on conflict (dl_queue, dl_consumer, ev_id) do nothing
            returning 1
    )
    select case when (select count(*) from found) = (select count(*) from wanted)
            then (select count(*) from stored) end
        into died;
    if died is null then
        raise exception 'event not found';
    end if;
    return died;
end;
$$;
