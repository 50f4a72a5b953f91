-- Encodes a text for use in a URL, as PgQ does: see pgq.urlencode_fields.
create or replace function pgq.urlencode(i_text text) returns text
language sql stable
as $$
    select replace(replace(pgq.urlencode_fields(i_text), chr(2), '%02'), chr(127), '%7f');
$$;
