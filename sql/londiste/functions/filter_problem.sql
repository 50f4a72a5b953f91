-- Why a row filter cannot be asked of a table's rows as the table is now (a column was renamed, a function dropped); null
-- when it can, or there is none. It is planned over no rows with the same columns: so it is run over none, nothing of the
-- table is read, and nobody who holds it locked is waited for.
-- Called by: capture_problems. Locks: none.
create or replace function londiste.filter_problem(i_table oid, i_filter text)
returns text language plpgsql stable strict set search_path = pg_catalog, pg_temp as $$
declare
    v_columns text := (
        select string_agg(format('%I %s', a.attname, format_type(a.atttypid, a.atttypmod))
                          || coalesce(' collate ' || nullif(a.attcollation, 0)::regcollation, ''), ', ' order by a.attnum)
          from pg_attribute a where a.attrelid = i_table and a.attnum > 0 and not a.attisdropped);
begin
    execute format('select from jsonb_to_recordset(''[]'') as x (%s) where (%s) limit 0', v_columns, i_filter);
    return null;
exception when others then
    return sqlerrm;
end
$$;
