-- What hangs on a table: indexes, constraints, triggers. For each index that is not a constraint's and each constraint that owns
-- one also how to make it anew: `create_index` makes an index of that name (null where nothing but the constraint can, as for
-- EXCLUDE and WITHOUT OVERLAPS), `add_constraint` the constraint, `finish` the rest, which may be run again: comments, statistics
-- targets. `tablespace` is null for the
-- database's own. `is_droppable` is false for what a copy lets be: what is broken, or marked as replica identity or for
-- CLUSTER, both of which dropping would forget.
-- The search_path is the one under which the statements will run.
-- Called by: store_copy, clear_target. Locks: none.
create or replace function londiste.index_definitions(
    i_table regclass, out kind text, out name text, out definition text, out index_name text, out create_index text,
    out add_constraint text, out finish text[], out tablespace text, out is_constraining boolean, out is_droppable boolean)
returns setof record language sql stable set search_path = pg_catalog, pg_temp as $$
    select case when k.oid is null then 'index' else 'constraint' end,
           coalesce(k.conname, c.relname),
           coalesce(pg_get_constraintdef(k.oid), pg_get_indexdef(i.indexrelid)),
           x.index_name,
           case when not i.indisexclusion then pg_get_indexdef(i.indexrelid) end,
           case when k.oid is not null then
               format('alter table only %s add constraint %I %s', i_table, k.conname,
                   case when i.indisexclusion then pg_get_constraintdef(k.oid)
                        else case k.contype when 'p' then 'primary key' else 'unique' end
                             || format(' using index %I', c.relname)
                             || case when k.condeferrable then ' deferrable' else '' end
                             || case when k.condeferred then ' initially deferred' else '' end
                   end) end,
           array_remove(array[
               case when i.indisexclusion and c.reloptions is not null then
                   format('alter index %s set (%s)', x.index_name, array_to_string(c.reloptions, ', ')) end,
               format('comment on index %s is ', x.index_name) || quote_literal(obj_description(c.oid, 'pg_class')),
               'comment on constraint ' || quote_ident(k.conname) || format(' on %s is ', i_table)
               || quote_literal(obj_description(k.oid, 'pg_constraint'))]
             || array(select format('alter index %s alter column %s set statistics %s', x.index_name, a.attnum, a.attstattarget)
                        from pg_attribute a
                       where a.attrelid = i.indexrelid and a.attstattarget >= 0
                       order by a.attnum), null),
           s.spcname::text,
           i.indisunique or i.indisexclusion,
           i.indisvalid and not i.indisreplident and not i.indisclustered
      from pg_index i
      join pg_class c on c.oid = i.indexrelid
      join pg_namespace n on n.oid = c.relnamespace
      cross join lateral (select format('%I.%I', n.nspname, c.relname)) as x (index_name)
      left join pg_tablespace s on s.oid = c.reltablespace
      left join pg_constraint k on k.conindid = i.indexrelid and k.conrelid = i.indrelid and k.contype in ('p', 'u', 'x')
     where i.indrelid = i_table
     union all
    select 'constraint', k.conname, pg_get_constraintdef(k.oid), null, null, null, null, null, false, false
      from pg_constraint k
     where k.conrelid = i_table and k.contype not in ('p', 'u', 'x')
     union all
    select 'trigger', t.tgname, pg_get_triggerdef(t.oid), null, null, null, null, null, false, false
      from pg_trigger t
     where t.tgrelid = i_table and not t.tgisinternal
$$;
