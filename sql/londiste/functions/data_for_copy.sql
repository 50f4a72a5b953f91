-- The data of an event, null where COPY could not send it: a line of COPY is one value of the server (1 GB at most), and has a
-- backslash before each character that it escapes.
-- Called by: queries of event_range_sql, for data of more than half of that. Locks: none.
create or replace function londiste.data_for_copy(i_data text)
returns text language sql immutable set search_path = pg_catalog, pg_temp as $$
    select case when octet_length(i_data) + sum(octet_length(i_data) - octet_length(replace(i_data, c.escaped, '')))
                     < 1073000000 then i_data end
      from unnest(array[e'\\', e'\b', e'\f', e'\n', e'\r', e'\t', e'\v']) as c (escaped)
$$;
