import type { Session } from '../../src/db/session.js';

/**
 * Puts a table of schema public into the set without a key: every row that is written or goes is an event with the whole
 * row. Once more after an ALTER, for what the table is then. Stands for `provider add TABLE --full-row`.
 */
export async function addFullRow(session: Session, queue: string, table: string): Promise<void> {
  const layout = await session.one<{ id: string }>(
    `with layout as (
       insert into londiste.layout (layout_id, columns, types, key)
       select md5(format('full row %s', array_agg(format('%s %s', attname, format_type(atttypid, atttypmod)) order by attnum))),
              array_agg(attname::text order by attnum), array_agg(format_type(atttypid, atttypmod) order by attnum), '{}'
         from pg_attribute where attrelid = to_regclass($2) and attnum > 0 and not attisdropped
       returning layout_id)
     insert into londiste.provider_table (queue_name, queue_id, table_name, table_oid, key_columns, layout_signature, layout_id)
     select $1, londiste.queue_id($1), 'public.' || $2, to_regclass($2), '{}', layout_id, layout_id from layout
     on conflict (queue_name, table_name) do update set layout_id = excluded.layout_id
     returning layout_id as id`,
    [queue, table],
  );
  const { prefix } = await session.one<{ prefix: string }>(
    'select queue_data_pfx as prefix from pgq.queue where queue_name = $1',
    [queue],
  );
  const labels = `'public.${table}', '${layout.id}'`;
  const events = (type: string, data: string, flags = 'null'): string =>
    `execute format('insert into ${prefix}_%s (ev_time, ev_type, ev_data, ev_extra1, ev_extra2, ev_extra3)', cur)
       || $select$ select now(), '${type}', ${data}, ${labels}, ${flags} $select$`;
  const gone = `${events('gone', '(x.*)::text', `'old-row'`)} || 'from oldtab x';`;
  const insert = `${events('row:I', '(x.*)::text')} || 'from newtab x';`;
  const update = `${events('row:U', '(x.*)::text')} || 'from newtab x';`;
  const truncate = `${events('truncate', 'null')};`;
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
         as $$declare cur int := (select queue_cur_table from pgq.queue where queue_name = '${queue}');
         begin ${body} return null; end$$;
       create or replace trigger londiste_${event} after ${event} on ${table} ${referencing}
         for each statement execute function ${name}()`,
    );
  }
}
