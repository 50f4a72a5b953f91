-- Gives the event tables of a queue the rights that pgq.event_template has, so that an administrator changes them in
-- one place. Returns 1, or 0 when there is no such queue.
-- Called by: pgq.create_queue.
create or replace function pgq.grant_perms(x_queue_name text) returns integer
language plpgsql security definer set search_path = pg_catalog, pg_temp
as $$
declare
    q record;
    acl record;
    n integer;
begin
    select queue_data_pfx, queue_ntables into q from pgq.queue where queue_name = x_queue_name;
    if not found then
        return 0;
    end if;

    for acl in
        select a.privilege_type, coalesce(quote_ident(r.rolname), 'public') as grantee
        from pg_class c
            cross join aclexplode(c.relacl) a
            left join pg_roles r on r.oid = a.grantee
        where c.oid = 'pgq.event_template'::regclass and a.grantee <> c.relowner
    loop
        execute format('grant %s on %s to %s', acl.privilege_type, q.queue_data_pfx, acl.grantee);
        for n in 0 .. q.queue_ntables - 1 loop
            execute format('grant %s on %s_%s to %s', acl.privilege_type, q.queue_data_pfx, n, acl.grantee);
        end loop;
    end loop;
    return 1;
end;
$$;
