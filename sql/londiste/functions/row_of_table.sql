-- A whole row i_alias of a table, of the same shape as a transition row's, as an expression. Reading a
-- virtual generated column computes it, and an expression that raises (100 / v, v = 0) would fail the application's
-- write although the row can be stored. A transition row has null there, and so has this.
--
-- By its columns where the row may be another's: a row trigger gets a partition's row as the partition has it, whose
-- columns may lie in another order than its parent's.
-- Called by: state_query, create_capture, capture_truncate, capture_row_body. Locks: none.
create or replace function londiste.row_of_table(i_table oid, i_columns text[], i_alias text default 't')
returns text language sql stable set search_path = pg_catalog, pg_temp as $$
    with column_of_row as (
        select format('%s.%I', i_alias, c.name) as value, c.ord,
               exists (select from pg_attribute a
                        where a.attrelid = i_table and a.attname = c.name and a.attgenerated = 'v') as is_virtual
          from unnest(i_columns) with ordinality as c (name, ord))
    select case when bool_or(c.is_virtual)
                     or exists (select from pg_class r where r.oid = i_table and r.relkind = 'p')
                then format('row(%s)', string_agg(case when c.is_virtual then 'null' else c.value end, ', '
                                                        order by c.ord))
                else format('(%s.*)', i_alias) end
      from column_of_row c
$$;
