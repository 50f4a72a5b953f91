-- Who holds a session lock by that number in this database, in words; null when nobody does.
-- Called by: claim_position, open_compare, replay_holder. Locks: none.
create or replace function londiste.lock_holder(i_lock bigint)
returns text language sql stable set search_path = pg_catalog, pg_temp as $$
    select format('backend %s (%s) from %s', a.pid, a.application_name, coalesce(host(a.client_addr), 'a local socket'))
      from pg_locks l join pg_stat_activity a on a.pid = l.pid
     where l.locktype = 'advisory' and l.granted and l.objsubid = 1
       and l.database = (select d.oid from pg_database d where d.datname = current_database())
       and (l.classid::bigint << 32 | l.objid::bigint) = i_lock
     limit 1
$$;
