-- Generates the capture functions of a table, or generates them anew for what the table is now, and records from
-- what. The triggers are create_capture_triggers' part: replacing functions under them locks nothing that
-- applications use. Their plans are kept, so none may be chosen that suits only the first statement's few rows: no
-- sequential scan, no nested loop (but where there is no other way: a look-up per row), no JIT. The functions run as
-- their owner, so that whoever writes to the table needs no right on our schemas. A row whose text exceeds 1 GB makes
-- the write fail: nothing here can carry it. The caller sees to it that the table does not change meanwhile (a lock of
-- any mode).
-- Called by: provider_add_table, refresh_captures. Locks: none of its own.
create or replace function londiste.create_capture(i_queue_name text, i_table_name text, i_table oid)
returns void language plpgsql set search_path = pg_catalog, pg_temp as $$
declare
    v_queue_id integer;
    v_event_tables integer;
    v_layout record;
    v_table londiste.provider_table;
    v_op text;
begin
    select q.queue_id, q.queue_ntables into strict v_queue_id, v_event_tables
      from pgq.queue q where q.queue_name = i_queue_name;
    select * into v_layout from londiste.table_layout(i_table);

    insert into londiste.layout (layout_id, columns, types, key)
    select v_layout.layout_id, v_layout.columns, v_layout.types, v_layout.key
     where not exists (select from londiste.layout l where l.layout_id = v_layout.layout_id);

    insert into londiste.provider_table as p
           (queue_name, queue_id, table_name, table_oid, key_columns, layout_signature, layout_id)
    values (i_queue_name, v_queue_id, i_table_name, i_table, v_layout.key, londiste.layout(i_table),
            v_layout.layout_id)
    on conflict on constraint provider_table_pkey do update
       set key_columns = excluded.key_columns, layout_signature = excluded.layout_signature,
           layout_id = excluded.layout_id
    returning p.* into v_table;

    foreach v_op in array array['I', 'U', 'D', 'R'] loop
        execute format(
            'create or replace function %s() returns trigger language plpgsql security definer '
            'set search_path = pg_catalog, pg_temp set enable_seqscan = off set enable_nestloop = off set jit = off%s as %L',
            londiste.capture_name(v_queue_id, i_table, v_op), londiste.output_settings(i_table),
            londiste.capture_body(v_op, v_table, v_event_tables));
        execute format('revoke all on function %s() from public',
                       londiste.capture_name(v_queue_id, i_table, v_op));
    end loop;
    update londiste.provider_table p
       set capture_digest = londiste.capture_digest(v_queue_id, i_table)
     where p.queue_name = i_queue_name and p.table_oid = i_table;
end
$$;
