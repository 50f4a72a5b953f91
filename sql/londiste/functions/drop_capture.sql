-- Takes the capture triggers and functions of a table away, triggers first; what is gone already, with its table or
-- its queue, is passed over.
-- Called by: provider_remove_table. Locks: ACCESS EXCLUSIVE on the table and its partitions.
create or replace function londiste.drop_capture(i_queue_id integer, i_table oid)
returns void language plpgsql set search_path = pg_catalog, pg_temp as $$
declare
    v_functions text[] := (select array_agg(londiste.capture_name(i_queue_id, i_table, o.op))
                             from unnest('{I,U,D,R,X,B,P,K}'::text[]) as o (op));
    v_one record;
    v_function text;
begin
    for v_one in
        select t.tgrelid, t.tgname from pg_trigger t
         where t.tgparentid = 0 and t.tgfoid in (select to_regproc(f.name)::oid from unnest(v_functions) as f (name))
    loop
        execute format('drop trigger if exists %I on %s', v_one.tgname, v_one.tgrelid::regclass);
    end loop;
    for v_function in select f.name from unnest(v_functions) as f (name) where to_regproc(f.name) is not null loop
        execute format('drop function %s', v_function);
    end loop;
end
$$;
