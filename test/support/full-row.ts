import type { Session } from '../../src/db/session.js';

/**
 * Puts a table of schema public into the set without a key: every row that is written or goes is an event with the whole
 * row. Once more after an ALTER, for what the table is then. Stands for `provider add TABLE --full-row`.
 */
export async function addFullRow(session: Session, queue: string, table: string): Promise<void> {
  const layout = await session.one<{ id: string }>(
    `with layout as (
       insert into londiste.layout (layout_id, columns, types, key)
       select md5(format('full row %s', array_agg(format('%s %s', attname, atttypid) order by attnum))),
              array_agg(attname::text order by attnum), array_agg(format_type(atttypid, atttypmod) order by attnum), '{}'
         from pg_attribute where attrelid = to_regclass($2) and attnum > 0 and not attisdropped
       returning layout_id)
     insert into londiste.provider_table (queue_name, queue_id, table_name, table_oid, key_columns, layout_signature, layout_id)
     select $1, londiste.queue_id($1), 'public.' || $2, to_regclass($2), '{}', layout_id, layout_id from layout
     on conflict (queue_name, table_name) do update set layout_id = excluded.layout_id
     returning layout_id as id`,
    [queue, table],
  );
  const gone = insertEvents(queue, table, layout.id, { type: 'gone', from: 'oldtab', flags: 'old-row' });
  const insert = insertEvents(queue, table, layout.id, { type: 'row:I', from: 'newtab' });
  const update = insertEvents(queue, table, layout.id, { type: 'row:U', from: 'newtab' });
  const truncate = `perform pgq.insert_event('${queue}', 'truncate', null, 'public.${table}', '${layout.id}', null, null);`;
  for (const { event, referencing, body } of [
    { event: 'insert', referencing: 'referencing new table as newtab', body: insert },
    {
      event: 'update',
      referencing: 'referencing old table as oldtab new table as newtab',
      body: gone + update,
    },
    { event: 'delete', referencing: 'referencing old table as oldtab', body: gone },
    { event: 'truncate', referencing: '', body: truncate },
  ]) {
    const name = `londiste_full_${table}_${event}`;
    await session.execute(
      `create or replace function ${name}() returns trigger language plpgsql security definer
         set search_path = pg_catalog, pg_temp set datestyle = iso set timezone = 'UTC' set intervalstyle = postgres
         set extra_float_digits = 1 set bytea_output = hex set lc_monetary = 'C'
         as $$begin ${body} return null; end$$;
       create or replace trigger londiste_${event} after ${event} on ${table} ${referencing}
         for each statement execute function ${name}()`,
    );
  }
}

function insertEvents(
  queue: string,
  table: string,
  layout: string,
  { type, from, flags }: { type: string; from: string; flags?: string },
): string {
  const extra3 = flags === undefined ? 'null' : `'${flags}'`;
  return `perform pgq.insert_event('${queue}', '${type}', (x.*)::text, 'public.${table}', '${layout}', ${extra3}, null) from ${from} x;\n`;
}
