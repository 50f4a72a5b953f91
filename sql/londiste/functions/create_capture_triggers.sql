-- Puts the four statement triggers on a table. No row trigger, no WHEN, no UPDATE OF: a trigger that names a column
-- makes the application's own ALTER of that column fail.
-- Called by: provider_add_table. Locks: SHARE ROW EXCLUSIVE on the table, so it waits for writers.
create or replace function londiste.create_capture_triggers(i_queue_id integer, i_table oid)
returns void language plpgsql set search_path = pg_catalog, pg_temp as $$
declare
    v_one record;
begin
    for v_one in
        select * from (values
            ('I', 'insert', 'referencing new table as newtab'),
            ('U', 'update', 'referencing old table as oldtab new table as newtab'),
            ('D', 'delete', 'referencing old table as oldtab'),
            ('R', 'truncate', '')) as t (op, event, tables)
    loop
        execute format('create trigger %I after %s on %s %s for each statement execute function %s()',
                       format('londiste_%s_%s', i_queue_id, lower(v_one.op)), v_one.event, i_table::regclass,
                       v_one.tables, londiste.capture_name(i_queue_id, i_table, v_one.op));
    end loop;
end
$$;
