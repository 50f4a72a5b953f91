-- Records a layout of which only the names of the columns are known, in their order, and returns its id.
-- Called by: capture functions on the slow path, in the application's transaction. Locks: none beyond the new row.
create or replace function londiste.note_layout(i_columns text[])
returns text language plpgsql set search_path = pg_catalog, pg_temp as $$
declare
    -- Without "types" and "key" in the digest, so never the id of a layout that table_layout made.
    v_id text := md5(format('columns %s', i_columns));
begin
    insert into londiste.layout (layout_id, columns)
    select v_id, i_columns
     where not exists (select from londiste.layout l where l.layout_id = v_id);
    return v_id;
end
$$;
