-- Whether the caller's role reads every row of a table: it may select from it, and no row security hides rows from
-- it. Where it does not, "there is no such row" would be a guess, and capture keeps to the transition rows.
-- Called by: capture functions before the state path, capture_truncate, refresh_captures. Locks: none.
create or replace function londiste.can_read(i_table oid)
returns boolean language sql stable set search_path = pg_catalog, pg_temp as $$
    select has_table_privilege(i_table, 'select') and not row_security_active(i_table)
$$;
