-- What hangs on a table: indexes, constraints, triggers; of a partitioned table also the indexes of its partitions, whose names
-- here are those of their indexes, with the schema. For each index that is not a constraint's and each constraint that owns
-- one also how to make it anew: `create_index` makes an index of that name (null where nothing but the constraint can, as for
-- EXCLUDE and WITHOUT OVERLAPS, and on partitioned tables), `add_constraint` the constraint, `finish` the rest, which may be run
-- again: what belongs to a partitioned index, comments, statistics targets. `tablespace` is null for the database's own.
-- `family` is the index that this one is part of, itself where it is of none: they are dropped together. Those of a deeper
-- `level` are built before the one that they belong to.
-- `is_droppable` is false for what a copy lets be: where any of the family is broken, or marked as replica identity or for
-- CLUSTER, both of which dropping would forget, or could not be made again by this role.
-- The search_path is the one under which the statements will run.
-- Called by: store_copy, clear_target, take_off_indexes. Locks: none.
create or replace function londiste.index_definitions(
    i_table regclass, out kind text, out name text, out definition text, out index_name text, out create_index text,
    out add_constraint text, out finish text[], out tablespace text, out is_constraining boolean, out is_droppable boolean,
    out relation text, out family text, out level integer)
returns setof record language sql stable set search_path = pg_catalog, pg_temp as $$
    with tree as (
        select i_table as relid, 0 as level
         union all
        select t.relid, t.level from pg_partition_tree(i_table) t where t.relid <> i_table
    ), found as (
        select c.oid, c.relname, c.relkind, c.reloptions, i.indisexclusion, i.indisunique,
               k.oid as constraint_oid, k.conname, k.contype, k.condeferrable, k.condeferred, pg_get_constraintdef(k.oid) as condef,
               pg_get_indexdef(c.oid) as indexdef, format('%I.%I', n.nspname, c.relname) as index_name,
               format('%I.%I', tn.nspname, tc.relname) as relation, s.spcname::text as tablespace, t.level,
               coalesce(pg_partition_root(c.oid), c.oid) as top,
               i.indisvalid and not i.indisreplident and not i.indisclustered
               and pg_has_role(tc.relowner, 'usage') and has_schema_privilege(n.oid, 'create')
               and (s.oid is null or has_tablespace_privilege(s.oid, 'create'))
               -- Nothing says again how it is stored but CREATE TABLE.
               and not (c.relkind = 'I' and k.contype = 'x' and c.reloptions is not null)
               -- The index of a partitioned table is whole without those of foreign tables only where it is made with all others at once.
               and not (c.relkind = 'I'
                        and exists (select from pg_partition_tree(i.indrelid) f join pg_class p on p.oid = f.relid and p.relkind = 'f'))
                   as is_own_droppable
          from tree t
          join pg_index i on i.indrelid = t.relid
          join pg_class c on c.oid = i.indexrelid
          join pg_namespace n on n.oid = c.relnamespace
          join pg_class tc on tc.oid = i.indrelid
          join pg_namespace tn on tn.oid = tc.relnamespace
          left join pg_tablespace s on s.oid = c.reltablespace
          left join pg_constraint k on k.conindid = i.indexrelid and k.conrelid = i.indrelid and k.contype in ('p', 'u', 'x')
    )
    select case when f.constraint_oid is null then 'index' else 'constraint' end,
           case when f.level > 0 then f.index_name else coalesce(f.conname, f.relname) end,
           coalesce(f.condef, f.indexdef),
           f.index_name,
           case when not f.indisexclusion and (f.constraint_oid is null or f.relkind = 'i') then f.indexdef end,
           case when f.constraint_oid is not null then
               format('alter table only %s add constraint %I %s', f.relation, f.conname,
                   case when f.indisexclusion and (f.relkind = 'i' or f.reloptions is null) then f.condef
                        else case when f.relkind = 'I'
                                  then regexp_replace(f.condef, '( DEFERRABLE)?( INITIALLY DEFERRED)?$', '')
                                       || coalesce(' with (' || array_to_string(f.reloptions, ', ') || ')', '')
                                  else case f.contype when 'p' then 'primary key' else 'unique' end
                                       || format(' using index %I', f.relname) end
                             || case when f.condeferrable then ' deferrable' else '' end
                             || case when f.condeferred then ' initially deferred' else '' end
                   end) end,
           array_remove(array[
               case when f.relkind = 'I' then
                   format('select londiste.attach_indexes(%L, %L)', f.index_name, array(
                       select format('%I.%I', n.nspname, c.relname)
                         from pg_inherits h
                         join pg_class c on c.oid = h.inhrelid
                         join pg_namespace n on n.oid = c.relnamespace
                        where h.inhparent = f.oid
                        order by 1)) end,
               case when f.indisexclusion and f.relkind = 'i' and f.reloptions is not null then
                   format('alter index %s set (%s)', f.index_name, array_to_string(f.reloptions, ', ')) end,
               format('comment on index %s is ', f.index_name) || quote_literal(obj_description(f.oid, 'pg_class')),
               'comment on constraint ' || quote_ident(f.conname) || format(' on %s is ', f.relation)
               || quote_literal(obj_description(f.constraint_oid, 'pg_constraint'))]
             || array(select format('alter index %s alter column %s set statistics %s', f.index_name, a.attnum, a.attstattarget)
                        from pg_attribute a
                       where a.attrelid = f.oid and a.attstattarget >= 0
                       order by a.attnum), null),
           f.tablespace,
           f.indisunique or f.indisexclusion,
           -- One that is part of a larger table's index cannot be dropped at all.
           bool_and(f.is_own_droppable) over family and bool_or(f.oid = f.top) over family,
           f.relation,
           first_value(f.index_name) over (family order by f.level),
           f.level
      from found f
    window family as (partition by f.top)
     union all
    select 'constraint', k.conname, pg_get_constraintdef(k.oid), null, null, null, null, null, false, false, i_table::text, null, 0
      from pg_constraint k
     where k.conrelid = i_table and k.contype not in ('p', 'u', 'x')
     union all
    select 'trigger', t.tgname, pg_get_triggerdef(t.oid), null, null, null, null, null, false, false, i_table::text, null, 0
      from pg_trigger t
     where t.tgrelid = i_table and not t.tgisinternal
$$;
