-- Waits until the compare lets go of a lock of its request (`tick`, `reader`), has died, or the time is up that the request allows.
-- Returns the request as it is then; nothing when it is over.
-- Called by: replay, outside of transactions: the wait must hold nothing that others wait for. Locks: that one, for a moment.
create or replace function londiste.await_compare(
    i_queue_name text, i_consumer_name text, i_request_nr bigint, i_purpose text,
    out tick_id bigint, out repair_nr integer)
returns setof record language plpgsql set search_path = pg_catalog, pg_temp as $$
declare
    v_wait interval;
begin
    select r.wait into v_wait from londiste.compare_request r
     where (r.queue_name, r.consumer_name) = (i_queue_name, i_consumer_name) and r.request_nr = i_request_nr;
    if not found then
        return;
    end if;
    begin
        perform set_config('lock_timeout', ceil(extract(epoch from v_wait) * 1000)::text, true);
        perform pg_advisory_xact_lock_shared(londiste.session_lock(i_queue_name, i_consumer_name, i_purpose));
    exception when lock_not_available then
        null;
    end;
    -- As it is now: each statement here has a snapshot of its own.
    return query
        select r.tick_id, r.repair_nr
          from londiste.compare_request r
          join londiste.position p using (queue_name, consumer_name)
         where (r.queue_name, r.consumer_name) = (i_queue_name, i_consumer_name)
           and r.request_nr = i_request_nr and p.compare_request = i_request_nr;
end
$$;
