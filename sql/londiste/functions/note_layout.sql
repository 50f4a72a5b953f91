-- Records a layout of which only the names of the columns are known, in their order, and returns its id.
--
-- A SERIALIZABLE transaction does not look for it first: two that look and then add, of whatever tables, would be in
-- the way of one another, and the application's would fail. It adds it once, and refresh_captures takes the copies away.
-- Called by: capture functions on the slow path, in the application's transaction. Locks: none beyond the new row.
create or replace function londiste.note_layout(i_columns text[])
returns text language plpgsql set search_path = pg_catalog, pg_temp as $$
declare
    -- Without "types" and "key" in the digest, so never the id of a layout that table_layout made.
    v_id text := md5(format('columns %s', i_columns));
    -- Given back with a savepoint, as the row is.
    v_noted text := 'londiste.noted_' || v_id;
begin
    if current_setting('transaction_isolation') <> 'serializable' then
        insert into londiste.layout (layout_id, columns)
        select v_id, i_columns
         where not exists (select from londiste.layout l where l.layout_id = v_id);
    elsif coalesce(current_setting(v_noted, true), '') = '' then
        insert into londiste.layout (layout_id, columns) values (v_id, i_columns);
        perform set_config(v_noted, 'yes', true);
    end if;
    return v_id;
end
$$;
