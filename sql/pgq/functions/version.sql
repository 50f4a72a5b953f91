-- The version of PgQ whose API this is. Clients look at its first character.
create or replace function pgq.version() returns text
language sql immutable
as $$
    select '3.5.2'::text;
$$;
