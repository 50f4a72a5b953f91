-- What a table looks like, for both sides: null when there is no relation of that name, else
--   {oid, relkind, columns: [{name, type, base_type (without a length), expands, refuses_null, generated, virtual, identity, not_null, has_default}] in order; unnest takes an array of a
--       type that expands (arrays, composites) further apart; a domain may refuse NULL by itself,
--    uniques: [{name, columns, operators}]  immediate unique indexes over plain not null columns, the primary key first,
--    has_primary_key: boolean, whether or not it is one of these,
--    constraining: [name...]  all unique and exclusion indexes of it and of its partitions,
--    triggers: [name...]      enabled ones of it and its partitions that an ordinary session fires, foreign keys and rules among them,
--    acting: [name...]        triggers (ENABLE ALWAYS or REPLICA) of it and its partitions that a session with session_replication_role = replica
--       fires, and rules that do something beside there,
--    diverting: [name...]     rules that do something else instead in a session with session_replication_role = replica,
--    is_referenced: boolean, it or a partition by a foreign key of another table, can_write: boolean}
-- `operators` are the equality operators of the index, written so that no search_path can turn them into others.
-- One plan a session: it is the same for every table, and takes longer to make than to run.
-- Called by: provider and subscriber commands, copier, replay. Locks: none.
create or replace function londiste.describe_table(i_table_name text)
returns json language plpgsql stable set plan_cache_mode = force_generic_plan as $$
declare
    v_oid oid := to_regclass(i_table_name);
    -- With its partitions, as an array: so the catalogues are searched by their indexes, however many tables there are.
    v_tree oid[] := array(select v_oid union select t.relid from pg_catalog.pg_partition_tree(v_oid) t);
begin
    if v_oid is null then
        return null;
    end if;
    return (select json_build_object(
        'oid', c.oid::bigint,
        'relkind', c.relkind,
        'columns', (
            select coalesce(json_agg(json_build_object(
                       'name', a.attname,
                       'type', format_type(a.atttypid, a.atttypmod),
                       'base_type', format_type(a.atttypid, -1),
                       'expands', t.typcategory in ('A', 'C'),
                       'refuses_null', t.typtype = 'd' and t.typnotnull,
                       'generated', a.attgenerated <> '',
                       'virtual', a.attgenerated = 'v',
                       'identity', a.attidentity,
                       'not_null', a.attnotnull,
                       'has_default', a.atthasdef or a.attidentity <> '' or t.typdefault is not null) order by a.attnum), '[]')
              from pg_catalog.pg_attribute a join pg_catalog.pg_type t on t.oid = a.atttypid
             where a.attrelid = c.oid and a.attnum > 0 and not a.attisdropped),
        'uniques', (
            select coalesce(json_agg(json_build_object(
                       'name', ic.relname, 'columns', k.columns, 'operators', k.operators)
                       order by i.indisprimary desc, ic.relname), '[]')
              from pg_catalog.pg_index i
              join pg_catalog.pg_class ic on ic.oid = i.indexrelid
              cross join lateral (
                    select json_agg(a.attname order by x.n) as columns,
                           json_agg(format('operator(%I.%s)', n.nspname, o.oprname) order by x.n) as operators,
                           bool_and(a.attnotnull) as all_not_null
                      from unnest(i.indkey::int2[], i.indclass::oid[]) with ordinality as x (attnum, opclass, n)
                      join pg_catalog.pg_attribute a on a.attrelid = i.indrelid and a.attnum = x.attnum
                      join pg_catalog.pg_opclass oc on oc.oid = x.opclass
                      join pg_catalog.pg_amop am on am.amopfamily = oc.opcfamily and am.amopstrategy = 3
                           and am.amoplefttype = oc.opcintype and am.amoprighttype = oc.opcintype
                      join pg_catalog.pg_operator o on o.oid = am.amopopr
                      join pg_catalog.pg_namespace n on n.oid = o.oprnamespace
                     where x.n <= i.indnkeyatts) as k
             where i.indrelid = c.oid and i.indisunique and i.indimmediate and i.indisvalid
               and i.indpred is null and i.indexprs is null and k.all_not_null),
        'has_primary_key', exists (select from pg_catalog.pg_index i where i.indrelid = c.oid and i.indisprimary),
        'constraining', (
            select coalesce(json_agg(ic.relname order by ic.relname), '[]')
              from pg_catalog.pg_index i join pg_catalog.pg_class ic on ic.oid = i.indexrelid
             where (i.indisunique or i.indisexclusion)
               and i.indrelid = any (v_tree)
               -- What every partition has because its parent has it is the parent's.
               and (i.indrelid = c.oid or not exists (select from pg_catalog.pg_inherits h where h.inhrelid = i.indexrelid))),
        'triggers', actors.ordinary,
        'acting', actors.acting,
        'diverting', (
            select coalesce(json_agg(r.rulename order by r.rulename), '[]') from pg_catalog.pg_rewrite r
             where r.ev_class = c.oid and r.ev_enabled in ('A', 'R') and r.is_instead and r.rulename <> '_RETURN'),
        'is_referenced', exists (
            -- By the triggers that a foreign key has on it: constraints have no index by the table that they refer to. Until
            -- PostgreSQL 15 a partitioned table has none itself, but its partitions have.
            select from pg_catalog.pg_trigger g join pg_catalog.pg_constraint k on k.oid = g.tgconstraint
             where g.tgrelid = any (v_tree) and k.confrelid = any (v_tree) and k.conrelid <> all (v_tree) and k.contype = 'f'),
        'can_write', has_table_privilege(c.oid, 'insert') and has_table_privilege(c.oid, 'update')
                     and has_table_privilege(c.oid, 'delete') and has_table_privilege(c.oid, 'select')
                     and has_table_privilege(c.oid, 'truncate'))
      from pg_catalog.pg_class c
      cross join lateral (
            select coalesce(json_agg(distinct f.name) filter (where f.enabled = 'O'), '[]') as ordinary,
                   coalesce(json_agg(distinct f.name) filter (where f.enabled in ('A', 'R') and not f.is_instead), '[]') as acting
              from (
            select coalesce(k.conname, g.tgname) as name, g.tgenabled as enabled, false as is_instead
              from pg_catalog.pg_trigger g left join pg_catalog.pg_constraint k on k.oid = g.tgconstraint
             where g.tgrelid = any (v_tree)
               -- Not the recheck of a deferrable unique constraint, which is no more than the constraint itself.
               and (not g.tgisinternal or k.contype = 'f')
             union all
            select r.rulename, r.ev_enabled, r.is_instead from pg_catalog.pg_rewrite r
             where r.ev_class = c.oid and r.rulename <> '_RETURN') f) as actors
     where c.oid = v_oid);
end
$$;
