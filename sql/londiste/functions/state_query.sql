-- A query, for a lateral join, of the text of the row that a table holds now for the key (k.c1, k.c2, ...); i_join is
-- the condition of key_join. With i_filter, of rows that fit it.
--
-- OFFSET 0 makes it one look-up per key: a hash or merge join that was planned when a statement had 300,000 rows
-- would read the whole table for each later statement of one row. The capture functions switch sequential scans off
-- for the same reason, seen from the other side: a plan that was made while the table was tiny.
--
-- In REPEATABLE READ our queries also see rows that others have deleted since our snapshot, beside the one that we
-- have put in their place. The filter keeps those that this transaction has written, also in a savepoint.
-- Where i_large, of large_row for the row t, is true, the text may be too large for one value, and null then. A query
-- that is run under announce_lost does without.
-- Called by: capture_body, capture_row_body, unknown_layout_events. Locks: none.
create or replace function londiste.state_query(
    i_table oid, i_columns text[], i_join text, i_filter text default null, i_large text default null)
returns text language sql stable set search_path = pg_catalog, pg_temp as $$
    select format(
        'select %s from %s t where %s%s and (current_setting(''transaction_isolation'') in'
        ' (''read committed'', ''read uncommitted'') or t.xmin = pg_current_xact_id()::xid'
        ' or age(t.xmin) <= age(pg_snapshot_xmax(pg_current_snapshot())::xid)) offset 0',
        case when i_large is null then r.whole || '::text'
             else format('case when %s then londiste.text_of_row(%s) else %2$s::text end', i_large, r.whole) end,
        londiste.own_rows(i_table), i_join, ' and (' || i_filter || ')')
      from londiste.row_of_table(i_table, i_columns) as r (whole)
$$;
