import type { Session } from '../../src/db/session.js';

/** All that hangs on a table and its partitions, as its server would tell somebody who wants to make the same again. */
export async function definitionsOf(session: Session, table: string): Promise<string[]> {
  const rows = await session.query<{ line: string }>(
    `with tree as (select $1::regclass as relid union select relid from pg_partition_tree($1::regclass))
     select concat_ws(' | ', 'index', c.relname, pg_get_indexdef(i.indexrelid), c.reloptions, s.spcname, i.indisprimary, i.indisunique,
                      i.indisvalid, i.indimmediate, i.indisreplident, i.indisclustered, obj_description(c.oid, 'pg_class'),
                      (select string_agg(a.attnum || ':' || a.attstattarget, ',' order by a.attnum) from pg_attribute a
                        where a.attrelid = c.oid and a.attstattarget >= 0),
                      (select 'part of ' || h.inhparent::regclass from pg_inherits h where h.inhrelid = c.oid)) as line
       from tree t join pg_index i on i.indrelid = t.relid join pg_class c on c.oid = i.indexrelid
       left join pg_tablespace s on s.oid = c.reltablespace
      union all
     select concat_ws(' | ', 'constraint', k.conname, k.contype, pg_get_constraintdef(k.oid), k.condeferrable, k.condeferred, k.convalidated,
                      k.conindid::regclass,
                      -- Adding a primary key to a partition, as pg_dump does, makes its NOT NULL its own from PostgreSQL 18 on.
                      case when k.contype <> 'n' and (k.conparentid <> 0 or k.coninhcount > 0) then 'inherited ' || k.conislocal end,
                      obj_description(k.oid, 'pg_constraint'))
       from pg_constraint k where k.conrelid in (select relid from tree) or k.confrelid in (select relid from tree)
      union all
     select concat_ws(' | ', 'trigger', t.tgname, pg_get_triggerdef(t.oid), t.tgenabled)
       from pg_trigger t where t.tgrelid in (select relid from tree) and not t.tgisinternal
      union all
     select concat_ws(' | ', 'column', a.attname, format_type(a.atttypid, a.atttypmod), a.attnotnull)
       from tree t join pg_attribute a on a.attrelid = t.relid and a.attnum > 0 and not a.attisdropped
      union all
     select concat_ws(' | ', 'view', v.oid::regclass, pg_get_viewdef(v.oid))
       from pg_class v where v.relkind = 'v'
        and exists (select from pg_depend d join pg_rewrite w on w.oid = d.objid
                     where d.classid = 'pg_rewrite'::regclass and d.refobjid in (select relid from tree) and w.ev_class = v.oid)
      union all
     select concat_ws(' | ', 'identity', c.relreplident) from tree t join pg_class c on c.oid = t.relid
      order by 1`,
    [table],
  );
  return rows.map(({ line }) => line);
}
