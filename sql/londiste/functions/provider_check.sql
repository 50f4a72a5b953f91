-- What is wrong with a queue's set on the provider, each with what to type. is_fault is false for what only deserves to
-- be known: it keeps nothing from being replicated.
-- Called by: provider check. Locks: none.
create or replace function londiste.provider_check(i_queue_name text)
returns table (object_name text, problem text, fix text, is_fault boolean)
language plpgsql stable set search_path = pg_catalog, pg_temp as $$
declare
    v_table londiste.provider_table;
begin
    if not pgq.ticker_alive() then
        return query select format('queue %s', i_queue_name), 'no ticker is connected: nothing gets to any subscriber',
                            'pgqadm CONFIG ticker -d', true;
    end if;
    return query
        select case when r.oid is null then 'database ' || d.datname else 'role ' || r.rolname end,
               'its sessions begin with session_replication_role = replica: what they write is not captured',
               concat_ws(' ', 'alter', 'role ' || quote_ident(r.rolname),
                         case when r.oid is not null and d.oid is not null then 'in' end,
                         'database ' || quote_ident(d.datname), 'reset session_replication_role'), true
          from pg_db_role_setting s
          left join pg_roles r on r.oid = s.setrole
          left join pg_database d on d.oid = s.setdatabase
         where (s.setdatabase = 0 or d.datname = current_database())
           and 'session_replication_role=replica' = any (s.setconfig);
    -- What this session began with is the server's own where neither the database nor the role says anything.
    return query
        select 'server', 'sessions begin with session_replication_role = replica: what they write is not captured',
               'set session_replication_role to origin in the configuration of the server, then select pg_reload_conf()', true
          from pg_settings g
         where g.name = 'session_replication_role' and g.reset_val = 'replica'
           and not exists (select from pg_db_role_setting s
                            cross join unnest(s.setconfig) as c (setting)
                            where s.setdatabase in (0, (select d.oid from pg_database d where d.datname = current_database()))
                              and s.setrole in (0, to_regrole(quote_ident(session_user)))
                              and starts_with(c.setting, 'session_replication_role='));
    return query
        select format('function %s', p.oid::regprocedure),
               'it runs with session_replication_role = replica: what it writes is not captured',
               format('alter routine %s reset session_replication_role', p.oid::regprocedure), false
          from pg_proc p where 'session_replication_role=replica' = any (p.proconfig);

    for v_table in
        select * from londiste.provider_table p where p.queue_name = i_queue_name order by p.nr
    loop
        return query select format('table %s', v_table.table_name), c.problem, c.fix, true
                       from londiste.capture_problems(v_table) c;
        return query
            select format('table %s', v_table.table_name),
                   format('it is called %I.%I now; its changes are captured under the old name', n.nspname, c.relname),
                   format('londiste CONFIG provider remove %s, provider add %I.%I, and the same on the subscribers',
                          v_table.table_name, n.nspname, c.relname), false
              from pg_class c
              join pg_namespace n on n.oid = c.relnamespace
             where c.oid = v_table.table_oid and format('%I.%I', n.nspname, c.relname) <> v_table.table_name;
        return query
            select distinct format('table %s', v_table.table_name),
                   format('it references %s, which is not in the set', k.confrelid::regclass),
                   format('londiste CONFIG provider add %s', k.confrelid::regclass), false
              from pg_constraint k
             where k.conrelid = v_table.table_oid and k.contype = 'f'
               and not exists (select from londiste.provider_table p
                                where p.queue_name = i_queue_name and p.table_oid = k.confrelid);
        return query
            select format('table %s', v_table.table_name),
                   format('column %s takes its values from sequence %s, which is not in the set', a.attname,
                          d.objid::regclass),
                   format('londiste CONFIG provider add-seq %s', d.objid::regclass), false
              from pg_depend d
              join pg_class c on c.oid = d.objid and c.relkind = 'S'
              join pg_attribute a on a.attrelid = d.refobjid and a.attnum = d.refobjsubid
             where d.classid = 'pg_class'::regclass and d.refclassid = 'pg_class'::regclass
               and d.refobjid = v_table.table_oid and d.deptype in ('a', 'i')
               and not exists (select from londiste.provider_seq p
                                where p.queue_name = i_queue_name and p.seq_oid = d.objid);
    end loop;

    return query
        select format('sequence %s', p.seq_name), 'it is gone', format('londiste CONFIG provider remove-seq %s', p.seq_name),
               true
          from londiste.provider_seq p
         where p.queue_name = i_queue_name and not exists (select from pg_class c where c.oid = p.seq_oid);
end
$$;
