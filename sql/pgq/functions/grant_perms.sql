-- Gives the event tables of a queue the rights that pgq.event_template has, so that an administrator changes them in
-- one place; whoever may insert into them may draw event ids too. Returns 1, or 0 when there is no such queue.
-- Called by: pgq.create_queue, the installer.
create or replace function pgq.grant_perms(x_queue_name text) returns integer
language plpgsql security definer set search_path = pg_catalog, pg_temp
as $$
declare
    q record;
    grantee text;
    n integer;
begin
    select queue_data_pfx, queue_ntables, queue_event_seq, split_part(queue_data_pfx, '.', 1) as schema,
            split_part(queue_data_pfx, '.', 2) as parent
        into q from pgq.queue where queue_name = x_queue_name;
    if not found then
        return 0;
    end if;

    perform pgq._grant_perms_from('pgq', 'event_template', q.schema, q.parent);
    for n in 0 .. q.queue_ntables - 1 loop
        perform pgq._grant_perms_from('pgq', 'event_template', q.schema, q.parent || '_' || n);
    end loop;
    for grantee in
        select coalesce(quote_ident(r.rolname), 'public')
        from pg_class c
            cross join aclexplode(c.relacl) a
            left join pg_roles r on r.oid = a.grantee
        where c.oid = 'pgq.event_template'::regclass and a.grantee <> c.relowner and a.privilege_type = 'INSERT'
    loop
        execute format('grant usage, select on sequence %s to %s', q.queue_event_seq, grantee);
    end loop;
    return 1;
end;
$$;
