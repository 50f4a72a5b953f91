-- Puts those capture triggers on a table and its partitions that are not there. Where native logical replication writes to
-- them, they fire for it too.
-- Called by: provider_add_table, refresh_capture. Locks: SHARE ROW EXCLUSIVE where a trigger is missing, so it waits for
-- writers.
create or replace function londiste.create_capture_triggers(i_queue_id integer, i_table oid, i_capture text)
returns void language plpgsql set search_path = pg_catalog, pg_temp as $$
declare
    v_always boolean := londiste.is_written_by_replication(i_table);
    v_one record;
begin
    for v_one in
        select n.* from londiste.capture_triggers(i_queue_id, i_table, i_capture) n
         where not exists (select from pg_trigger t
                            where t.tgrelid = n.relation and t.tgfoid = to_regproc(n.function_name))
    loop
        execute v_one.definition;
        if v_always then
            execute format('alter table %s enable always trigger %I', v_one.relation::regclass, v_one.trigger_name);
        end if;
    end loop;
end
$$;
