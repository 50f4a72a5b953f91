-- Makes what the consumer of an open batch has staged count: these retries, due after as many seconds as stand at the
-- place of their ids, and these letters; what else it has staged goes. Where ids are null, all of it counts, retries are
-- due at once. Returns how many count.
-- Called by: a consumer whose work on the batch is committed in another database.
create or replace function pgq.release_staged(
    i_batch_id bigint, i_retry_ids bigint[], i_retry_seconds integer[], i_dead_ids bigint[]
) returns integer
language plpgsql security definer set search_path = pg_catalog, pg_temp
as $$
declare
    b record;
    retries integer;
    letters integer;
begin
    b := pgq.batch_owner(i_batch_id);
    update pgq.retry_queue r
        set ev_retry_after = current_timestamp + make_interval(secs => coalesce(
            (select w.seconds from unnest(i_retry_ids, i_retry_seconds) w (ev_id, seconds)
                where w.ev_id = r.ev_id limit 1), 0))
        where r.ev_owner = b.sub_id and r.ev_retry_after = 'infinity'
            and (i_retry_ids is null or r.ev_id = any (i_retry_ids));
    get diagnostics retries = row_count;
    update pgq.dead_letter
        set dl_time = current_timestamp
        where dl_queue = b.queue_id and dl_consumer = b.consumer_name and dl_time = 'infinity'
            and (i_dead_ids is null or ev_id = any (i_dead_ids));
    get diagnostics letters = row_count;
    perform pgq.drop_staged(i_batch_id);
    return retries + letters;
end;
$$;
