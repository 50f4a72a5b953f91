-- PL/pgSQL that writes the events of one row, old and new in a row trigger; i_state as in capture_query.
-- Called by: capture_row_body. Locks: none.
create or replace function londiste.capture_row_insert(
    i_op text, i_table londiste.provider_table, i_event_tables integer, i_state text default null)
returns text language plpgsql stable set search_path = pg_catalog, pg_temp as $$
declare
    v_columns text[] := (londiste.table_layout(i_table.table_oid, i_table.replica_identity)).columns;
    v_sources record;
    v_queries text[] := '{}';
begin
    for v_sources in
        select * from (values ('(select old.*)', '(select new.*)'),
                              ('(select ($1).*)', '(select ($2).*)')) as s (old_row, new_row)
    loop
        v_queries := v_queries || londiste.capture_query(
            i_op, i_table.table_name, i_table.layout_id, i_table.key_columns, i_table.key_columns = '{}', i_state,
            londiste.key_same(i_table.table_oid, i_table.key_columns), i_table.replica_identity, i_table.row_filter,
            v_sources.old_row, v_sources.new_row,
            londiste.row_of_table(i_table.table_oid, v_columns, 'o') || '::text',
            londiste.row_of_table(i_table.table_oid, v_columns, 'n') || '::text');
    end loop;
    return londiste.into_event_table(i_table.queue_id, i_event_tables, v_queries[1], v_queries[2], ' using old, new');
end
$$;
