-- What stands in FROM for the rows of a table: those of its partitions, but not those of tables that inherit from it.
-- Called by: state_query, capture_truncate, capture_row_body. Locks: none.
create or replace function londiste.own_rows(i_table oid)
returns text language sql stable set search_path = pg_catalog, pg_temp as $$
    select case when c.relkind = 'p' then '' else 'only ' end || c.oid::regclass from pg_class c where c.oid = i_table
$$;
