import { beforeAll, describe, expect, it } from 'vitest';
import type { ConnectSettings, Session } from '../../../src/db/session.js';
import { fieldValue, splitRecord } from '../../../src/event/record.js';
import { capture, someServers, type Form } from '../../support/capture-form.js';
import { open } from '../../support/databases.js';
import { allEvents, createProvider, type CapturedEvent, type NamedRow } from '../../support/replica.js';

interface Change {
  readonly ddl: string;
  /** The table's name, key and payload column after it. */
  readonly table?: string;
  readonly key?: string;
  readonly item?: string;
  /** It rewrites the table, which a snapshot from before cannot look into. */
  readonly rewrites?: boolean;
}

const changes: Record<string, Change> = {
  'add a column': { ddl: 'alter table shop.entry add column extra int default 5' },
  'add a column named like ours': {
    ddl: 'alter table shop.entry add column n int, add column newtab int, add column x int',
  },
  'drop a column before another': { ddl: 'alter table shop.entry drop column spare' },
  'drop one and add one': {
    ddl: `alter table shop.entry drop column spare; alter table shop.entry add column other text default 'o'`,
  },
  'rename a column': { ddl: 'alter table shop.entry rename column item to thing', item: 'thing' },
  'two columns change names': {
    ddl: `alter table shop.entry rename column spare to x; alter table shop.entry rename column item to spare; alter table shop.entry rename column x to item`,
  },
  'rename the key': { ddl: 'alter table shop.entry rename column id to ident', key: 'ident' },
  'another type for the key': { ddl: 'alter table shop.entry alter column id type bigint', rewrites: true },
  'the key becomes text': { ddl: 'alter table shop.entry alter column id type text', rewrites: true },
  'another type for a column': { ddl: 'alter table shop.entry alter column item type varchar(900)' },
  'rename the table': { ddl: 'alter table shop.entry rename to entries', table: 'shop.entries' },
  'another schema': {
    ddl: 'create schema elsewhere; alter table shop.entry set schema elsewhere',
    table: 'elsewhere.entry',
  },
  'the schema is renamed': { ddl: 'alter schema shop rename to moved', table: 'moved.entry' },
  'another key index': {
    ddl: 'alter table shop.entry drop constraint entry_pkey; alter table shop.entry add constraint other_key primary key (id)',
  },
  'the key goes': { ddl: 'alter table shop.entry drop constraint entry_pkey' },
  'a column more in the key': {
    ddl: 'alter table shop.entry drop constraint entry_pkey; alter table shop.entry add primary key (id, item)',
  },
};

const writes = ['insert', 'update', 'move', 'delete', 'loop'] as const;
type Write = (typeof writes)[number];

function statement(write: Write, { table = 'shop.entry', key = 'id', item = 'item' }: Change): string {
  const k = `${key}::text`;
  return {
    insert: `insert into ${table} (${key}, ${item}) values (70, 'new')`,
    update: `update ${table} set ${item} = ${item} || '!' where ${k} = '70'`,
    move: `update ${table} set ${key} = '71' where ${k} = '70'`,
    delete: `delete from ${table} where ${k} = '71'`,
    // The second and the third statement of the block look nested.
    loop: `do $$ begin insert into ${table} (${key}, ${item}) values (80, 'l'); update ${table} set ${item} = 'm' where ${k} = '80';
      update ${table} set ${key} = '81' where ${k} = '80'; end $$`,
  }[write];
}

async function prepare(session: Session, form: Form): Promise<void> {
  await session.execute(`drop schema if exists shop, moved, elsewhere cascade;
    delete from londiste.provider_table; truncate pgq.event_1;
    create schema shop; create table shop.entry (spare text, id int primary key, item text)`);
  await capture(session, 'shop.entry', form);
  // Plans of every path are in the session's cache before anything changes.
  for (const write of writes) await session.execute(statement(write, { ddl: '' }));
  await session.execute('delete from shop.entry');
}

async function named(session: Session, event: CapturedEvent): Promise<NamedRow> {
  const layout = await session.one<{ columns: string[]; key: string[] | null }>(
    'select columns, key from londiste.layout where layout_id = $1 limit 1',
    [event.ev_extra2],
  );
  const isKey = event.ev_type === 'gone' && !(event.ev_extra3 ?? '').includes('old-row');
  const names = isKey ? (layout.key ?? []) : layout.columns;
  const values = splitRecord(event.ev_data ?? '').map(fieldValue);
  expect(names.length, event.ev_data ?? '').toBe(values.length);
  return Object.fromEntries(names.map((name, n) => [name, values[n] ?? null]));
}

/** Runs the writes in their order and expects events that name what the table then holds, and what it held. */
async function expectRightEvents(session: Session, change: Change): Promise<void> {
  const { table = 'shop.entry', key = 'id' } = change;
  const current = async (id: number): Promise<unknown> =>
    (
      await session.query(
        `select json_object_agg(c.key, c.value) as row from ${table} t, json_each_text(row_to_json(t)) c
       where t.${key}::text = $1`,
        [String(id)],
      )
    )[0]?.['row'];
  for (const write of writes) {
    const before = await session.one<{ id: number }>('select coalesce(max(ev_id), 0) as id from pgq.event_1');
    await session.execute(statement(write, change));
    const events = (await allEvents(session)).filter(({ ev_id }) => ev_id > before.id);
    const all: { type: string; row: NamedRow }[] = [];
    for (const event of events) all.push({ type: event.ev_type, row: await named(session, event) });
    const last = all.at(-1);
    const gone = all.filter(({ type }) => type === 'gone').map(({ row }) => row[key]);
    if (write === 'delete') expect(gone, write).toEqual(['71']);
    else {
      const id = { insert: 70, update: 70, move: 71, loop: 81 }[write];
      expect(last?.row, write).toEqual(await current(id));
    }
    if (write === 'move') expect(gone, write).toContain('70');
    if (write === 'loop') expect(gone, write).toContain('80');
  }
}

describe.each(someServers)('capture across ALTER, %s server, by %s', (which, form) => {
  let settings: ConnectSettings;
  beforeAll(async () => {
    settings = await createProvider(which);
  });

  it.each(Object.entries(changes))('%s: no write fails, every event names its columns', async (_, change) => {
    for (const way of ['own transaction', 'another session', 'old snapshot'] as const) {
      await using session = await open(settings);
      await using other = await open(settings);
      await prepare(session, form);
      if (way === 'own transaction') {
        await session.execute('begin');
        // One statement that inserts and updates: what each of its triggers was told must not be what a later one is told.
        await session.execute(`insert into shop.entry (id, item) values (1, 'x')`);
        await session.execute(
          `insert into shop.entry (id, item) values (2, 'y'), (1, 'z') on conflict (id) do update set item = excluded.item`,
        );
        await session.execute(change.ddl);
      } else if (way === 'another session') {
        await other.execute(change.ddl);
      } else {
        if (change.rewrites) continue;
        await session.execute('begin isolation level repeatable read');
        await session.query('select txid_current_snapshot()');
        await other.execute(change.ddl);
      }
      await expectRightEvents(session, change);
      if (way !== 'another session') await session.execute('commit');

      // What a REPEATABLE READ transaction saw must not stay in the session's plans, nor may maintenance break it.
      await session.execute(`delete from ${change.table ?? 'shop.entry'}`);
      await expectRightEvents(session, change);
      await other.query('select londiste.refresh_captures()');
      await session.execute(`delete from ${change.table ?? 'shop.entry'}`);
      await expectRightEvents(session, change);
      const old = (await allEvents(session)).at(-1);
      const { fast } = await session.one<{ fast: boolean }>(
        'select bool_or(types is not null) as fast from londiste.layout where layout_id = $1',
        [old?.ev_extra2],
      );
      expect(fast, `${way}: back on the fast path`).toBe(!change.ddl.endsWith('drop constraint entry_pkey'));
    }
  });

  it('goes by the fast path again when the ALTER is rolled back', async () => {
    await using session = await open(settings);
    await prepare(session, form);
    await session.execute(`begin; insert into shop.entry (id, item) values (1, 'x'); savepoint s; alter table shop.entry rename column id to ident;
      insert into shop.entry (ident) values (2); rollback to s; insert into shop.entry (id) values (3); commit;
      update shop.entry set item = 'x'`);
    const layouts = await session.query(
      `select distinct l.types is not null as fast from pgq.event_1 e join londiste.layout l on l.layout_id = e.ev_extra2`,
    );
    expect(layouts).toEqual([{ fast: true }]);
  });

  it('knows the layout in REPEATABLE READ when nothing was altered', async () => {
    await using first = await open(settings);
    await prepare(first, form);
    await using session = await open(settings);
    await session.execute(`set default_transaction_isolation = 'repeatable read'`);
    await session.execute(`insert into shop.entry (id, item) values (1, 'x')`);
    await session.execute(`update shop.entry set item = 'x' where id = 1`);
    expect(
      (await allEvents(session)).slice(-2).map(({ ev_type, ev_extra3 }) => [ev_type, ev_extra3]),
    ).toEqual([
      ['row:I', null],
      ['row:U', null],
    ]);
  });
});
