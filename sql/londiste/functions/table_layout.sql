-- The layout of a table's rows as text now, for londiste.layout: columns in order with the names of their types,
-- null for a virtual generated column, whose value is never carried.
-- Called by: create_capture. Locks: none.
create or replace function londiste.table_layout(
    i_table oid, i_identity text default 'default',
    out layout_id text, out columns text[], out types text[], out key text[])
returns record language plpgsql stable set search_path = pg_catalog, pg_temp as $$
begin
    key := (londiste.table_key(i_table, i_identity)).key_columns;
    -- With this search_path format_type qualifies every type that is not PostgreSQL's own.
    select array_agg(a.attname::text order by a.attnum),
           array_agg(case when a.attgenerated <> 'v' then format_type(a.atttypid, a.atttypmod) end order by a.attnum)
      into columns, types
      from pg_attribute a
     where a.attrelid = i_table and a.attnum > 0 and not a.attisdropped;
    layout_id := md5(format('columns %s types %s key %s', columns, types, key));
end
$$;
