-- Ends a request, if it still is in force: replay goes on without it. True when it was.
-- Called by: compare when both sides are being read, or when it gives up; replay when it has waited long enough.
-- Locks: the position row.
create or replace function londiste.end_compare(i_queue_name text, i_consumer_name text, i_request_nr bigint)
returns boolean language plpgsql set search_path = pg_catalog, pg_temp as $$
begin
    update londiste.position p set compare_request = null
     where p.queue_name = i_queue_name and p.consumer_name = i_consumer_name and p.compare_request = i_request_nr;
    return found;
end
$$;
