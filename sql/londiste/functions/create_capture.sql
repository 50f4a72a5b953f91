-- Generates the capture functions of a table of a set, or generates them anew for what the table is now, and records from
-- what. The triggers are create_capture_triggers' part: replacing functions under them locks nothing that
-- applications use. Their plans are kept, so none may be chosen that suits only the first statement's few rows: no
-- sequential scan, no nested loop (but where there is no other way: a look-up per row), no JIT. The functions run as
-- their owner, so that whoever writes to the table needs no right on our schemas. The caller sees to it that the table
-- does not change meanwhile (a lock of any mode).
-- Called by: provider_add_table, refresh_capture. Locks: none of its own.
create or replace function londiste.create_capture(i_queue_name text, i_table oid)
returns void language plpgsql set search_path = pg_catalog, pg_temp as $$
declare
    v_event_tables integer;
    v_layout record;
    v_table londiste.provider_table;
    v_one record;
begin
    select * into strict v_table
      from londiste.provider_table p where p.queue_name = i_queue_name and p.table_oid = i_table;
    select q.queue_ntables into strict v_event_tables from pgq.queue q where q.queue_id = v_table.queue_id;
    select * into v_layout from londiste.table_layout(i_table, v_table.replica_identity);

    insert into londiste.layout (layout_id, columns, types, key)
    select v_layout.layout_id, v_layout.columns, v_layout.types, v_layout.key
     where not exists (select from londiste.layout l where l.layout_id = v_layout.layout_id);

    update londiste.provider_table p
       set key_columns = v_layout.key, layout_id = v_layout.layout_id,
           layout_signature = londiste.current_layout(i_table, v_table.replica_identity)
     where p.queue_name = i_queue_name and p.table_oid = i_table
    returning p.* into v_table;

    for v_one in
        select londiste.capture_name(v_table.queue_id, i_table, b.op) as name, b.body
          from londiste.capture_bodies(v_table, v_event_tables) b
    loop
        execute format(
            'create or replace function %s() returns trigger language plpgsql security definer '
            'set search_path = pg_catalog, pg_temp set enable_seqscan = off set enable_nestloop = off set jit = off%s%s as %L',
            v_one.name, case v_table.capture when 'row' then ' set plan_cache_mode = force_generic_plan' end,
            londiste.output_settings(i_table), v_one.body);
        execute format('revoke all on function %s() from public', v_one.name);
    end loop;
    if v_table.capture = 'row' then
        -- Asked as whoever writes to the table.
        execute format(
            'create or replace function %1$s(i_again boolean default false) returns boolean language plpgsql immutable '
            'security definer set search_path = pg_catalog, pg_temp as %2$L; grant execute on function %1$s to public',
            londiste.capture_name(v_table.queue_id, i_table, 'K'), londiste.capture_unchanged_body(v_table));
    end if;
    update londiste.provider_table p
       set capture_digest = londiste.capture_digest(v_table.queue_id, i_table)
     where p.queue_name = i_queue_name and p.table_oid = i_table;
end
$$;
