-- Looks after the capture of one table: generates its functions anew if the table is another than they were made
-- for, or they are not as they were made, and warns of what needs a human. Returns whether it has generated.
-- Called by: refresh_captures, under its lock. Locks: without waiting, ACCESS SHARE on an altered table and on partitions that
-- left; for 100 ms at most, SHARE ROW EXCLUSIVE on new partitions, and on a table where a trigger has to be made again.
create or replace function londiste.refresh_capture(i_table londiste.provider_table)
returns boolean language plpgsql set search_path = pg_catalog, pg_temp set lock_timeout = '100ms' as $$
declare
    v_found record;
    v_is_there boolean := exists (select from pg_class c where c.oid = i_table.table_oid)
                          and exists (select from pgq.queue q where q.queue_id = i_table.queue_id);
begin
    if v_is_there then
        begin
            perform londiste.refresh_members(i_table);
        exception when lock_not_available then
            -- The next round's; what is missing until then is among the problems.
            null;
        end;
    end if;
    for v_found in select * from londiste.capture_problems(i_table) loop
        raise warning 'queue %, table %: %; %',
            i_table.queue_name, i_table.table_name, v_found.problem, v_found.fix;
    end loop;

    if not v_is_there then
        return false;
    end if;
    if londiste.current_layout(i_table.table_oid, i_table.replica_identity) = i_table.layout_signature
       and londiste.capture_digest(i_table.queue_id, i_table.table_oid) = i_table.capture_digest then
        return false;
    end if;
    execute format('lock table only %s in access share mode nowait', i_table.table_oid::regclass);
    if (londiste.table_key(i_table.table_oid, i_table.replica_identity)).key_columns is null then
        return false;
    end if;
    perform londiste.create_capture(i_table.queue_name, i_table.table_oid);
    return true;
exception when lock_not_available then
    return false;
end
$$;
