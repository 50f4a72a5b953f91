-- What capture_query gives of a statement that nothing else has captured within, for the many that changed one row: no
-- keys to hash, no second look at whether a row is large. Null for a table and kind of statement that have no such short
-- form. It must make no event of a row that it does not know how to carry: the whole query is asked then.
-- single says that it holds for a statement of one row only.
-- Called by: capture_body. Locks: none.
create or replace function londiste.capture_short_query(
    i_op text, i_table londiste.provider_table, i_same text, out query text, out single boolean)
language plpgsql stable set search_path = pg_catalog, pg_temp as $$
declare
    v_large text := londiste.large_row(i_table.table_oid, 'n');
    v_conditions text := concat_ws(' and ', case i_op when 'U' then format('(%s) is true', i_same) end,
                                   case when i_op <> 'D' then '(' || v_large || ') is not true' end);
begin
    if i_table.row_filter is not null or (i_op <> 'I' and i_table.key_columns = '{}') then
        return;
    end if;
    single := i_op = 'U' or (i_op = 'I' and v_large is not null);
    -- IS TRUE, or the two rows would be hashed to be joined.
    query := format('select now(), %L, %s, %L::text, %L::text, null from %s%s',
                    case i_op when 'D' then 'gone' else 'row:' || i_op end,
                    case i_op when 'D' then format('row(%s)::text', londiste.key_list('o', i_table.key_columns)) else '(n.*)::text' end,
                    i_table.table_name, i_table.layout_id,
                    case i_op when 'I' then 'newtab n' when 'U' then 'newtab n cross join oldtab o' else 'oldtab o' end,
                    coalesce(' where ' || nullif(v_conditions, ''), ''));
end
$$;
