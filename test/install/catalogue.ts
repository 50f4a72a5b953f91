import type { Row, Session } from '../../src/db/session.js';
import type { SchemaName } from '../../src/install/install.js';

/** Every function, column, constraint and index of the schema, with its text and its rights. */
export async function catalogue(session: Session, schema: SchemaName): Promise<Row[]> {
  return session.query(
    `select 'function' as kind, p.oid::regprocedure::text as name, pg_get_functiondef(p.oid) as text, p.proacl::text as rights
       from pg_proc p where p.pronamespace = $1::text::regnamespace
     union all
     select 'column', c.relname || '.' || a.attname,
         format_type(a.atttypid, a.atttypmod) || case when a.attnotnull then ' not null ' else ' ' end
           || coalesce(pg_get_expr(d.adbin, d.adrelid), ''),
         c.relacl::text
       from pg_class c join pg_attribute a on a.attrelid = c.oid
         left join pg_attrdef d on d.adrelid = c.oid and d.adnum = a.attnum
       where c.relnamespace = $1::text::regnamespace and a.attnum > 0 and not a.attisdropped
     union all
     select 'constraint', conrelid::regclass || '.' || conname, pg_get_constraintdef(oid), null
       from pg_constraint where connamespace = $1::text::regnamespace
     union all
     select 'index', indexname, indexdef, null from pg_indexes where schemaname = $1::text
     union all
     select 'view', viewname, definition, null from pg_views where schemaname = $1::text
     order by 1, 2`,
    [schema],
  );
}
