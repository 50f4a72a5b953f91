-- How many changes the tables needed: none, since the installer makes them. Called by: programs written for PgQ.
create or replace function pgq_ext.upgrade_schema() returns integer
language sql immutable
as $$
    select 0;
$$;
