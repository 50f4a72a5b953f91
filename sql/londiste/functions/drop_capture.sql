-- Takes the capture triggers and functions of a table away, triggers first; what is gone already, with its table or
-- its queue, is passed over.
-- Called by: provider_remove_table, refresh_captures. Locks: ACCESS EXCLUSIVE on the table.
create or replace function londiste.drop_capture(i_queue_id integer, i_table oid)
returns void language plpgsql set search_path = pg_catalog, pg_temp as $$
declare
    v_name text;
    v_op text;
begin
    for v_name in
        select t.tgname from pg_trigger t
         where t.tgrelid = i_table and t.tgname = any (
               select format('londiste_%s_%s', i_queue_id, o.op) from unnest('{i,u,d,r}'::text[]) as o (op))
    loop
        execute format('drop trigger if exists %I on %s', v_name, i_table::regclass);
    end loop;
    foreach v_op in array array['I', 'U', 'D', 'R'] loop
        execute format('drop function if exists %s()', londiste.capture_name(i_queue_id, i_table, v_op));
    end loop;
end
$$;
