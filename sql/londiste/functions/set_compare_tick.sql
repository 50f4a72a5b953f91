-- Names the tick at which replay is to stop for a request, and what it is to repair there. False when replay has given the request up.
-- Called by: compare, which lets go of the lock `tick` afterwards. Locks: the request's row.
create or replace function londiste.set_compare_tick(
    i_queue_name text, i_consumer_name text, i_request_nr bigint, i_tick_id bigint, i_repair_nr integer)
returns boolean language plpgsql set search_path = pg_catalog, pg_temp as $$
begin
    update londiste.compare_request r set tick_id = i_tick_id, repair_nr = i_repair_nr
      from londiste.position p
     where (r.queue_name, r.consumer_name) = (i_queue_name, i_consumer_name) and r.request_nr = i_request_nr
       and (p.queue_name, p.consumer_name) = (i_queue_name, i_consumer_name) and p.compare_request = i_request_nr;
    return found;
end
$$;
