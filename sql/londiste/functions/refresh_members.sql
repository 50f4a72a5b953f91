-- Looks after partitions that have come or gone since the last look. One that came gets its trigger for TRUNCATE; its rows
-- are captured from when it was attached on. What it held before, and what one that was detached or dropped took along, no
-- trigger can see: then an event says that the table needs a new copy.
-- Called by: refresh_capture. Locks: SHARE ROW EXCLUSIVE on new partitions, which it waits for as long as lock_timeout says,
-- since a busy one is never free; without waiting, ACCESS SHARE on those that left.
create or replace function londiste.refresh_members(i_table londiste.provider_table)
returns void language plpgsql set search_path = pg_catalog, pg_temp as $$
declare
    v_now oid[] := londiste.members(i_table.table_oid);
    v_one record;
    v_moved boolean;
begin
    if v_now is not distinct from i_table.members then
        return;
    end if;
    for v_one in
        select m.oid, m.oid = any (v_now) as is_new, c.relkind
          from unnest(v_now || i_table.members) as m (oid) left join pg_class c on c.oid = m.oid
         where (m.oid = any (v_now)) is distinct from (m.oid = any (coalesce(i_table.members, '{}')))
    loop
        if v_one.is_new and v_one.relkind = 'f' then
            -- It cannot be locked, and is no part that is captured: capture_problems says so.
            v_moved := false;
        elsif v_one.is_new then
            execute format('lock table only %s in share row exclusive mode', v_one.oid::regclass);
            v_moved := londiste.came_with_rows(v_one.oid);
        elsif v_one.relkind = 'r' then
            execute format('lock table only %s in access share mode nowait', v_one.oid::regclass);
            execute format('select exists (select from only %s)', v_one.oid::regclass) into v_moved;
        else
            v_moved := v_one.relkind is null;
        end if;
        if v_moved then
            perform pgq.insert_event(i_table.queue_name, 'no-image', format(
                'its partition %s was %s, which no trigger sees', v_one.oid::regclass,
                case when v_one.is_new then 'attached with rows' else 'detached or dropped with its rows' end),
                i_table.table_name, null, null, null);
        end if;
    end loop;
    perform londiste.create_capture_triggers(i_table.queue_id, i_table.table_oid, i_table.capture);
    update londiste.provider_table p set members = v_now
     where p.queue_name = i_table.queue_name and p.table_oid = i_table.table_oid;
end
$$;
