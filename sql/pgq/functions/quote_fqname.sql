-- Quotes `schema.name` part by part; the first dot divides them, and without one the schema is public.
-- Called by: storage and rotation functions.
create or replace function pgq.quote_fqname(i_name text) returns text
language sql immutable strict
as $$
    select case position('.' in i_name)
        when 0 then 'public.' || quote_ident(i_name)
        else quote_ident(split_part(i_name, '.', 1))
            || '.' || quote_ident(substr(i_name, position('.' in i_name) + 1))
    end;
$$;
