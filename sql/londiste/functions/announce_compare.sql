-- Asks replay to stop at a tick, which set_compare_tick names later. From the commit on no batch of replay goes beyond that tick: it
-- sees the request under the position's lock. Returns the request's number.
-- Called by: compare. Locks: the position row, which replay holds while it applies a batch; two session locks, `tick` and `reader`,
-- which the caller lets go of one after the other.
create or replace function londiste.announce_compare(i_queue_name text, i_consumer_name text, i_wait interval)
returns bigint language plpgsql set search_path = pg_catalog, pg_temp as $$
declare
    v_nr bigint;
begin
    perform pg_advisory_lock(londiste.session_lock(i_queue_name, i_consumer_name, p.purpose))
       from (values ('tick'), ('reader')) as p (purpose);
    perform londiste.lock_position(i_queue_name, i_consumer_name);
    insert into londiste.compare_request as r (queue_name, consumer_name, request_nr, wait)
    values (i_queue_name, i_consumer_name, 1, i_wait)
    on conflict (queue_name, consumer_name) do update
       set request_nr = r.request_nr + 1, tick_id = null, repair_nr = null, wait = i_wait, asked_at = now()
    returning request_nr into v_nr;
    update londiste.position p set compare_request = v_nr
     where p.queue_name = i_queue_name and p.consumer_name = i_consumer_name;
    return v_nr;
end
$$;
