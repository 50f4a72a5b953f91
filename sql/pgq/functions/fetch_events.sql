-- The next events of a cursor of pgq.get_batch_cursor, until they are i_max_bytes long together: so a reader needs memory
-- for that much and one event, whatever comes. Nothing when the cursor is at its end. Whoever calls names the columns:
-- those of the cursor. octet_length() knows how long a value is without reading it.
create or replace function pgq.fetch_events(i_cursor_name text, i_max_bytes bigint) returns setof record
language plpgsql
as $$
declare
    events refcursor := i_cursor_name;
    e record;
    bytes bigint := 0;
begin
    while bytes < i_max_bytes loop
        fetch events into e;
        exit when not found;
        return next e;
        bytes := bytes + coalesce(octet_length(e.ev_type), 0) + coalesce(octet_length(e.ev_data), 0)
            + coalesce(octet_length(e.ev_extra1), 0) + coalesce(octet_length(e.ev_extra2), 0)
            + coalesce(octet_length(e.ev_extra3), 0) + coalesce(octet_length(e.ev_extra4), 0) + 100;
    end loop;
end;
$$;
