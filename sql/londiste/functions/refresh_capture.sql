-- Looks after the capture of one table: generates its functions anew if the table is another than they were made
-- for, warns of what needs a human. Returns whether it has generated.
-- Called by: refresh_captures, under its lock. Locks: ACCESS SHARE on an altered table, without waiting.
create or replace function londiste.refresh_capture(i_table londiste.provider_table)
returns boolean language plpgsql set search_path = pg_catalog, pg_temp as $$
declare
    v_label text := format('queue %s, table %s', i_table.queue_name, i_table.table_name);
    v_problem text;
begin
    if not exists (select from pgq.queue q where q.queue_id = i_table.queue_id) then
        raise warning '%: the queue is gone, nothing is captured; londiste CONFIG provider remove %, or add it '
            'again to a new queue', v_label, i_table.table_name;
        return false;
    elsif not exists (select from pg_class c where c.oid = i_table.table_oid) then
        raise warning '%: the table is gone; londiste CONFIG provider remove %', v_label, i_table.table_name;
        return false;
    end if;

    foreach v_problem in array londiste.capture_problems(i_table.queue_id, i_table.table_oid) loop
        raise warning '%: %', v_label, v_problem;
    end loop;

    if londiste.layout(i_table.table_oid) = i_table.layout_signature then
        return false;
    end if;
    execute format('lock table only %s in access share mode nowait', i_table.table_oid::regclass);
    if (londiste.table_key(i_table.table_oid)).key_index is null then
        return false;
    end if;
    perform londiste.create_capture(i_table.queue_name, i_table.table_name, i_table.table_oid);
    return true;
exception when lock_not_available then
    return false;
end
$$;
