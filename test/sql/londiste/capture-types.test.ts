import { beforeAll, describe, expect, it } from 'vitest';
import type { ConnectSettings, Session } from '../../../src/db/session.js';
import { capture, someServers } from '../../support/capture-form.js';
import { open } from '../../support/databases.js';
import { allEvents, createProvider, openReader, queue, Replica } from '../../support/replica.js';

interface KeyCase {
  readonly type: string;
  /** Some different keys as SQL literals. */
  readonly values: readonly string[];
  readonly before?: string;
}

const keyTypes: Record<string, KeyCase> = {
  text: {
    type: 'text',
    values: [
      `'plain'`,
      `'with, comma'`,
      `'"quoted"'`,
      `'back\\slash'`,
      `''`,
      `'null'`,
      `E'new\\nline'`,
      `'(1,2)'`,
    ],
  },
  'text of a case-insensitive collation': {
    before: `create collation ci (provider = icu, locale = 'und-u-ks-level2', deterministic = false)`,
    type: 'text collate ci',
    values: [`'a'`, `'B'`, `'c'`, `'d'`],
  },
  'a domain': {
    before: 'create domain positive as int check (value > 0)',
    type: 'positive',
    values: ['1', '2', '3', '4'],
  },
  'an enum': {
    before: `create type mood as enum ('sad', 'ok', 'it''s "fine"', 'so, so')`,
    type: 'mood',
    values: [`'sad'`, `'ok'`, `'it''s "fine"'`, `'so, so'`],
  },
  'a composite type': {
    before: 'create type pair as (a int, b text)',
    type: 'pair',
    values: [`'(1,x)'::pair`, `'(1,"y,")'::pair`, `'(2,)'::pair`, `'(3,"")'::pair`],
  },
  numeric: { type: 'numeric', values: ['1', '1.5', '-2.50', '100000000000000000000.1'] },
  uuid: { type: 'uuid', values: [1, 2, 3, 4].map((n) => `'00000000-0000-0000-0000-00000000000${n}'`) },
  date: { type: 'date', values: [`'2020-02-03'`, `'0044-03-15 BC'`, `'infinity'`, `'1999-12-31'`] },
  timestamptz: {
    type: 'timestamptz',
    values: [`'2020-02-03 04:05:06.789+00'`, `'-infinity'`, `'2021-07-01 12:00+02'`, `'1900-01-01+00'`],
  },
  interval: { type: 'interval', values: [`'1 mon'`, `'-3 days 04:05'`, `'1 year 2 mons'`, `'5 sec'`] },
  bytea: { type: 'bytea', values: [`'\\x00ff'`, `'\\x'`, `'\\x5c'`, `'\\x22'`] },
  float8: { type: 'float8', values: ['0.1::float8 + 0.2', '1e-300', '3', `'-Infinity'`] },
  'an array': { type: 'int[]', values: [`'{}'`, `'{1,2}'`, `'{NULL}'`, `'{{1},{2}}'`] },
  'a range': {
    type: 'daterange',
    values: [`'empty'`, `'[2020-01-01,2020-02-01)'`, `'(,)'`, `'[2020-01-01,)'`],
  },
  char: { type: 'char(5)', values: [`'a'`, `'b '`, `'ccccc'`, `''`] },
  boolean: { type: 'boolean', values: ['true', 'false'] },
};

/** The settings of a writing session that would make values ambiguous or lossy. */
const hostile = `set datestyle = 'sql, dmy'; set timezone = 'Asia/Kathmandu'; set intervalstyle = sql_standard;
  set extra_float_digits = -10; set bytea_output = escape; set search_path = public`;

/** Statements on some of a table's keys: each by itself takes the plain path, in a block all but the first the state path. */
function statements(table: string, key: string, [a = '', b = '', c = a]: readonly string[]): string[] {
  const move = (from: string, to: string): string[] =>
    a === c
      ? []
      : [
          `delete from ${table} where ${key} = ${to}`,
          `update ${table} set ${key} = ${to} where ${key} = ${from}`,
        ];
  const others = [
    `delete from ${table} where ${key} = ${b}`,
    `insert into ${table} (${key}, note) values (${b}, 'again')`,
    `update ${table} set note = note || '!'`,
  ];
  const block = [...others, ...move(c, a), ...others].join('; ');
  return [...others, ...move(a, c), `do $$ begin ${block}; end $$`];
}

async function expectCaptured(reader: Session, table: string, key: readonly string[]): Promise<void> {
  const replica = new Replica(table, key);
  await replica.apply(reader, await allEvents(reader, table));
  expect(replica.rows).toEqual(await replica.rowsOfTable(reader));
}

describe.each(someServers)('capture of types and names, %s server, by %s', (which, form) => {
  let settings: ConnectSettings;
  beforeAll(async () => {
    settings = await createProvider(which);
  });

  it.each(Object.entries(keyTypes))('key of type %s', async (_, { type, values, before = '' }) => {
    await using reader = await openReader(settings);
    await using session = await open(settings);
    await session.execute(
      `${before}; drop table if exists keyed; delete from londiste.provider_table; truncate pgq.event_1`,
    );
    await session.execute(`create table keyed (note text default 'n', key ${type} primary key)`);
    await capture(session, 'keyed', form);
    await session.execute(hostile);
    const all = statements('keyed', 'key', values);
    await session.execute(`insert into keyed (key) values ${values.map((value) => `(${value})`).join(', ')}`);
    for (const statement of all) {
      await session.execute(statement);
      await expectCaptured(reader, 'public.keyed', ['key']);
    }
    await session.execute(`delete from keyed; insert into keyed (key) values (${values[0] ?? ''}), (${values[1] ?? ''});
      alter table keyed add column later int`);
    for (const statement of all) await session.execute(statement);
    await session.execute('update keyed set later = 1');
    await expectCaptured(reader, 'public.keyed', ['key']);
  });

  it('takes a key for another when its bytes are, though the type calls them equal', async () => {
    await using session = await open(settings);
    await session.execute(`create table money (amount numeric primary key); truncate pgq.event_1`);
    await capture(session, 'money', form);
    await session.execute(`insert into money values (1.0)`);
    await session.execute(`update money set amount = 1.00`);
    const events = await allEvents(session, 'public.money');
    const told = events.map(({ ev_type, ev_data }) => `${ev_type} ${ev_data ?? ''}`);
    // By row the key that was given up finds the row too: twice the same is no harm.
    expect([...new Set(told)]).toEqual(['row:I (1.0)', 'gone (1.0)', 'row:U (1.00)']);
  });

  const long = 'x'.repeat(63);
  const names = [
    ['public', 'odd', 'n', 'o'],
    ['public', 'Table with "quotes"', 't', 'k'],
    ['public', `it's`, 'odd "name"', 'data'],
    ['public', 'per%cent', '%s', 'as%1$s'],
    ['My Schema', 'Entry', 'Id', 'newtab'],
    ['public', 'back\\slash', 'a\\b', 's'],
    ['public', long, 'y'.repeat(63), 'z'.repeat(63)],
    ['public', 'select', 'cur', 'known'],
    ['public', 'oldtab', 'names', 'stamp'],
    ['public', 'newtab', 'c1', 'c2'],
    ['public', 'events', 'g', 'key'],
    ['public', 'öäü', 'tab\tbed', 'comma, dot.'],
  ] as const;
  it.each(names)('%s.%s with the columns %s and %s', async (schema, name, one, two) => {
    await using reader = await openReader(settings);
    await using session = await open(settings);
    const quote = (text: string): string => `"${text.replaceAll('"', '""')}"`;
    const table = `${quote(schema)}.${quote(name)}`;
    await session.execute(`create schema if not exists ${quote(schema)};
      create table ${table} (row int default 1, x text, note text default 'n', ${quote(one)} int, ${quote(two)} int default 7,
        nested boolean, primary key (${quote(one)}, ${quote(two)}))`);
    await capture(session, table, form);
    const [{ table_name: registered } = { table_name: '' }] = await session.query<{ table_name: string }>(
      'select table_name from londiste.provider_get_table_list($1) order by nr desc limit 1',
      [queue],
    );
    await session.execute(`insert into ${table} (${quote(one)}) values (1), (2), (3)`);
    const all = statements(table, quote(one), ['1', '2', '4']);
    for (const statement of all) await session.execute(statement);
    await expectCaptured(reader, registered, [one, two]);
    await session.execute(`alter table ${table} add column later int; truncate ${table};
      insert into ${table} (${quote(one)}) values (1), (2), (3)`);
    for (const statement of all) await session.execute(statement);
    await expectCaptured(reader, registered, [one, two]);
  });

  it('never computes a virtual generated column', async () => {
    await using session = await open(settings);
    if (session.major < 18) return;
    await session.execute(`truncate pgq.event_1;
      create table ratio (id int primary key, v int, inverse int generated always as (100 / v) virtual,
                          twice int generated always as (2 * v) stored)`);
    await capture(session, 'ratio', form);
    await session.execute(`insert into ratio values (1, 0), (2, 5); update ratio set id = id + 10;
      do $$ begin update ratio set v = 0; update ratio set id = id + 100; insert into ratio values (1, 0); end $$;
      alter table ratio add column later int;
      do $$ begin update ratio set v = 0; update ratio set id = id + 100; insert into ratio values (1, 0); end $$`);
    const events = await allEvents(session, 'public.ratio');
    expect(events.slice(0, 2).map(({ ev_data }) => ev_data)).toEqual(['(1,0,,0)', '(2,5,,10)']);
    expect(events.at(-1)?.ev_data).toBe('(1,0,,0,)');
    expect(
      await session.one(`select types from londiste.layout where layout_id = $1`, [events[0]?.ev_extra2]),
    ).toEqual({ types: ['integer', 'integer', null, 'integer'] });
  });
});
