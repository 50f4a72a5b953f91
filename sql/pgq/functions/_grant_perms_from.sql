-- Gives one table the rights that another has, grant options too.
-- Called by: pgq.grant_perms.
create or replace function pgq._grant_perms_from(src_schema text, src_table text, dst_schema text, dst_table text)
returns void
language plpgsql
as $$
declare
    acl record;
begin
    for acl in
        select a.privilege_type, a.is_grantable, coalesce(quote_ident(r.rolname), 'public') as grantee
        from pg_class c
            join pg_namespace n on n.oid = c.relnamespace
            cross join aclexplode(c.relacl) a
            left join pg_roles r on r.oid = a.grantee
        where n.nspname = src_schema and c.relname = src_table and a.grantee <> c.relowner
    loop
        execute format('grant %s on %I.%I to %s%s', acl.privilege_type, dst_schema, dst_table, acl.grantee,
            case when acl.is_grantable then ' with grant option' end);
    end loop;
end;
$$;
