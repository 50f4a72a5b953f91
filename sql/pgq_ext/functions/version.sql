-- The version of pgq_ext whose API this is.
create or replace function pgq_ext.version() returns text
language sql immutable
as $$
    select '3.3.1'::text;
$$;
