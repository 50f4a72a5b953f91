import type { Session } from '../../src/db/session.js';

/** All that hangs on a table, as its server would tell somebody who wants to make the same again. */
export async function definitionsOf(session: Session, table: string): Promise<string[]> {
  const rows = await session.query<{ line: string }>(
    `select concat_ws(' | ', 'index', c.relname, pg_get_indexdef(i.indexrelid), c.reloptions, s.spcname, i.indisprimary, i.indisunique,
                      i.indisvalid, i.indimmediate, i.indisreplident, i.indisclustered, obj_description(c.oid, 'pg_class'),
                      (select string_agg(a.attnum || ':' || a.attstattarget, ',' order by a.attnum) from pg_attribute a
                        where a.attrelid = c.oid and a.attstattarget >= 0)) as line
       from pg_index i join pg_class c on c.oid = i.indexrelid left join pg_tablespace s on s.oid = c.reltablespace
      where i.indrelid = $1::regclass
      union all
     select concat_ws(' | ', 'constraint', k.conname, k.contype, pg_get_constraintdef(k.oid), k.condeferrable, k.condeferred, k.convalidated,
                      k.conindid::regclass, obj_description(k.oid, 'pg_constraint'))
       from pg_constraint k where k.conrelid = $1::regclass or k.confrelid = $1::regclass
      union all
     select concat_ws(' | ', 'trigger', t.tgname, pg_get_triggerdef(t.oid), t.tgenabled)
       from pg_trigger t where t.tgrelid = $1::regclass and not t.tgisinternal
      union all
     select concat_ws(' | ', 'column', a.attname, format_type(a.atttypid, a.atttypmod), a.attnotnull)
       from pg_attribute a where a.attrelid = $1::regclass and a.attnum > 0 and not a.attisdropped
      union all
     select concat_ws(' | ', 'view', v.oid::regclass, pg_get_viewdef(v.oid))
       from pg_class v where v.relkind = 'v'
        and exists (select from pg_depend d join pg_rewrite w on w.oid = d.objid
                     where d.classid = 'pg_rewrite'::regclass and d.refobjid = $1::regclass and w.ev_class = v.oid)
      union all
     select concat_ws(' | ', 'identity', c.relreplident) from pg_class c where c.oid = $1::regclass
      order by 1`,
    [table],
  );
  return rows.map(({ line }) => line);
}
