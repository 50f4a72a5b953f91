-- What maintenance does for schema londiste; pgq.maint_operations lists it. Returns 0: there is no more to do this
-- time.
-- Called by: the ticker daemon. Locks: see refresh_captures.
create or replace function londiste.periodic_maintenance()
returns integer language plpgsql set search_path = pg_catalog, pg_temp as $$
declare
    v_gone record;
begin
    perform londiste.refresh_captures();
    for v_gone in
        select p.queue_name, p.seq_name from londiste.provider_seq p
         where not exists (select from pg_class c where c.oid = p.seq_oid)
    loop
        raise warning 'queue %, sequence %: the sequence is gone; londiste CONFIG provider remove-seq %',
            v_gone.queue_name, v_gone.seq_name, v_gone.seq_name;
    end loop;
    return 0;
end
$$;
