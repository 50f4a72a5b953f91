-- The version of pgq_coop whose API this is.
create or replace function pgq_coop.version() returns text
language sql immutable
as $$
    select '3.4'::text;
$$;
