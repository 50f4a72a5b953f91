/** Tables that go to one of another name, other order and some of the columns: the same rows, whatever happens to them. */
import { expect, test } from 'vitest';
import type { Session } from '../../src/db/session.js';
import { addProviderTables } from '../../src/setup/provider.js';
import { resyncTables } from '../../src/setup/resync.js';
import {
  addSubscriberTables,
  listTables,
  removeSubscriberTables,
  retryTables,
} from '../../src/setup/subscriber-tables.js';
import { reach, tickNow } from '../support/hand-ticks.js';
import { createPair, Daemons, type Pair } from '../support/pair.js';

const dest = '"Odd Schema"."my ""table, 1"';
const columns = 'kind,nr="Number, the",name,price=cost,made';
const there =
  'select nr as key, kind, name, price::text as price, made::text as made from entry order by 1, 2';
const here = `select "Number, the" as key, kind, name, cost::text as price, made::text as made from ${dest} order by 1, 2`;

/** Lines up the rows of both sides and returns how many there are. */
async function compare({ provider, subscriber }: Pair, [one, other] = [there, here]): Promise<number> {
  const rows = await provider.query(one);
  expect(await subscriber.query(other)).toEqual(rows);
  return rows.length;
}

async function tables({ subscriber, name }: Pair): Promise<Record<string, string>> {
  const list = await listTables(subscriber, name);
  return Object.fromEntries(list.map((table) => [table.name.replace('public.', ''), table.state]));
}

async function replayed(pair: Pair): Promise<void> {
  await reach(pair, await tickNow(pair.provider, pair.name.queue));
}

/** Ticks until a table is in a state, and fails with its error when it stays in another. */
async function becomes(pair: Pair, table: string, state: string): Promise<void> {
  const end = Date.now() + 20_000;
  while ((await tables(pair))[table] !== state && Date.now() < end) {
    await tickNow(pair.provider, pair.name.queue);
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
  const found = (await listTables(pair.subscriber, pair.name)).find(({ name }) => name === `public.${table}`);
  expect([found?.state, found?.state === state ? undefined : found?.error]).toEqual([state, undefined]);
}

async function hintsOf({ subscriber, name }: Pair, table: string): Promise<string[]> {
  const list = await listTables(subscriber, name);
  return list.find((one) => one.name === `public.${table}`)?.errorHint?.split('\n') ?? [];
}

/** Runs the ALTER that a parked table tells, and puts it back to work. */
async function mend(pair: Pair, table: string): Promise<string> {
  const hints = await hintsOf(pair, table);
  const alter = hints.find((line) => line.startsWith('ALTER TABLE')) ?? '';
  expect(hints.at(-1)).toBe(`then: londiste ... subscriber retry public.${table}`);
  await pair.subscriber.execute(alter);
  await retryTables(pair.ends, [table]);
  await becomes(pair, table, 'ok');
  return alter;
}

async function createEntry(provider: Session, subscriber: Session): Promise<void> {
  await provider.execute(`create table entry (nr int, kind text, secret text, name varchar(200), price numeric(10,2), made date,
      primary key (nr, kind));
    insert into entry select g, 'k' || g % 3, 'hidden', 'old ' || g, g / 7.0, '2020-01-01'::date + g from generate_series(1, 1500) g`);
  await subscriber.execute(`create schema "Odd Schema";
    create table ${dest} (made date, cost numeric(10,2), own text not null default 'mine', name varchar(200), kind text, "Number, the" int,
      primary key (kind, "Number, the"));
    insert into ${dest} values (null, 0, 'x', 'left over', 'k', -1)`);
}

async function subscribe(pair: Pair, table: string, otherwise: object = {}): Promise<void> {
  await pair.provider.query('select pgq.announce_ticker()');
  await addProviderTables(pair.provider, pair.name.queue, [table]);
  await addSubscriberTables(pair.ends, [table], otherwise);
  await becomes(pair, table, 'ok');
}

test.each([
  ['oldest', 'newest', false],
  ['newest', 'oldest', true],
] as const)('from %s to %s, another unique index: %s', { timeout: 90_000 }, async (from, to, isUnique) => {
  const pair = await createPair(from, to);
  const { provider, subscriber } = pair;
  await createEntry(provider, subscriber);
  if (isUnique) await subscriber.execute(`create unique index on ${dest} (name)`);
  let staged = 0;
  const replay = Daemons.replay(pair, {
    memoryBytes: 1024 * 1024,
    onBatch: (batch) => {
      staged += batch.staged;
    },
  });
  await subscribe(pair, 'entry', { destTable: dest, columns });
  expect(await compare(pair)).toBe(1500);
  const own = `select count(*)::int as n from ${dest} where own = 'mine'`;
  expect(await subscriber.one(own)).toEqual({ n: 1500 });

  // Few rows: as an array of the row type.
  await provider.execute(`insert into entry values (-1, 'a,"b\\', 's', 'new "one", (x)', 1, null), (-2, 'b', null, null, null, 'infinity');
    update entry set name = name || '!', secret = 'other' where nr = 5; update entry set secret = 'only that' where nr = 6;
    delete from entry where nr in (7, 8); update entry set nr = nr + 1000000, kind = 'moved' where nr = 9`);
  await replayed(pair);
  expect(await compare(pair)).toBe(1500);

  // Many: by COPY, by staging tables, by arrays of keys; with names handed on between rows.
  await provider.execute(
    `insert into entry select g, 'many', repeat('s', 50), 'n ' || g, g, '2021-01-01' from generate_series(10000, 30000) g`,
  );
  await replayed(pair);
  expect(await compare(pair)).toBe(21501);
  await provider.execute(
    `update entry set name = 'n ' || (40000 - nr) where kind = 'many' and nr % 10 > 0; update entry set price = price + 1 where kind <> 'many';
     delete from entry where kind = 'many' and nr % 4 = 0; update entry set nr = -nr where kind = 'k1'`,
  );
  await replayed(pair);
  expect(await compare(pair)).toBe(16500);
  expect(staged > 0).toBe(isUnique);

  await provider.execute(
    `begin; truncate entry; insert into entry select g, 't', 's', 'after ' || g, null, null from generate_series(1, 700) g; commit`,
  );
  await replayed(pair);
  expect(await compare(pair)).toBe(700);
  await subscriber.execute(`update ${dest} set name = 'spoilt' where "Number, the" = 3`);
  await resyncTables(pair.ends, ['entry']);
  await provider.execute(`insert into entry values (9999, 'late', null, 'late', null, null)`);
  await becomes(pair, 'entry', 'ok');
  expect(await compare(pair)).toBe(701);
  await replay.stop();
});

test.each([
  ['newest', 'oldest'],
  ['oldest', 'newest'],
] as const)(
  'later ALTERs park with what to type, and retry resumes without a copy: from %s to %s',
  async (from, to) => {
    const pair = await createPair(from, to);
    const { provider, subscriber } = pair;
    await createEntry(provider, subscriber);
    await provider.execute('create table plain (id int primary key, n int); insert into plain values (1, 1)');
    await subscriber.execute('create table other_name (n int, id int primary key, own int default 7)');
    const replay = Daemons.replay(pair);
    await subscribe(pair, 'entry', { destTable: dest, columns });
    await subscribe(pair, 'plain', { destTable: 'other_name' });
    // A copy would take these away.
    await subscriber.execute(
      `update other_name set own = 8; update ${dest} set own = 'marked' where "Number, the" = 1`,
    );
    const plain: [string, string] = [
      'select * from plain order by id',
      'select id, n, more from other_name order by id',
    ];

    // A column that is not listed is left out, one of a table that is carried whole is missing.
    await provider.execute(`alter table entry add more int; update entry set more = 1, name = 'e' where nr = 2;
    alter table plain add more varchar(7); insert into plain values (2, 2, 'two')`);
    await replayed(pair);
    expect(await tables(pair)).toEqual({ entry: 'ok', plain: 'parked' });
    await provider.execute(`insert into plain select g, g, 'x' from generate_series(3, 2000) g`);
    await replayed(pair);
    await compare(pair);
    expect(await mend(pair, 'plain')).toBe(
      'ALTER TABLE public.other_name ADD COLUMN "more" character varying(7)',
    );
    expect(await compare(pair, plain)).toBe(2000);

    // A type that became wider.
    await provider.execute(
      'alter table plain alter n type bigint; update plain set n = 3000000000 where id = 5',
    );
    await replayed(pair);
    expect(await tables(pair)).toEqual({ entry: 'ok', plain: 'parked' });
    expect(await mend(pair, 'plain')).toBe('ALTER TABLE public.other_name ALTER COLUMN "n" TYPE bigint');
    expect(await compare(pair, plain)).toBe(2000);
    expect(await subscriber.query('select own from other_name where id = 1')).toEqual([{ own: 8 }]);

    // The subscriber's own ALTERs: one of another type that takes the values is none to park for.
    await subscriber.execute(`alter table ${dest} alter kind type varchar(100)`);
    await provider.execute(`update entry set name = 'f' where nr in (3, 4)`);
    await replayed(pair);
    expect(await tables(pair)).toEqual({ entry: 'ok', plain: 'ok' });
    await subscriber.execute(`alter table ${dest} alter kind type text`);
    await subscriber.execute(`alter table ${dest} rename cost to away`);
    await provider.execute(`update entry set price = 77 where nr in (3, 4); insert into plain values (0, 0)`);
    await replayed(pair);
    expect(await tables(pair)).toEqual({ entry: 'parked', plain: 'ok' });
    expect(await hintsOf(pair, 'entry')).toContain(`ALTER TABLE ${dest} ADD COLUMN "cost" numeric(10,2)`);
    await compare(pair, plain);
    await subscriber.execute(`alter table ${dest} rename away to cost`);
    await retryTables(pair.ends, ['entry']);
    await becomes(pair, 'entry', 'ok');
    expect(await compare(pair)).toBe(1500);
    expect(await subscriber.one(`select own from ${dest} where "Number, the" = 1`)).toEqual({
      own: 'marked',
    });

    // A table that is away has no rows to go on with.
    await subscriber.execute('alter table other_name rename to gone');
    await provider.execute('delete from plain where id = 0');
    await replayed(pair);
    expect(await tables(pair)).toEqual({ entry: 'ok', plain: 'parked' });
    await subscriber.execute('alter table gone rename to other_name');
    await retryTables(pair.ends, ['plain']);
    await becomes(pair, 'plain', 'ok');
    await compare(pair, plain);
    expect(await subscriber.query('select own from other_name where id = 1')).toEqual([{ own: 7 }]);

    // A listed column that has another name on the provider: without it old values would stand.
    await provider.execute(
      `alter table entry rename price to amount; update entry set amount = 1 where nr = 1`,
    );
    await replayed(pair);
    expect(await tables(pair)).toEqual({ entry: 'parked', plain: 'ok' });
    expect((await hintsOf(pair, 'entry')).join()).toMatch(/subscriber remove.*subscriber add/);
    await removeSubscriberTables(pair.ends, ['entry']);
    await addSubscriberTables(pair.ends, ['entry'], {
      destTable: dest,
      columns: columns.replace('price', 'amount'),
    });
    await becomes(pair, 'entry', 'ok');
    expect(await compare(pair, [there.replace('price::', 'amount::'), here])).toBe(1500);
    await replay.stop();
  },
);

test('removed and added anew into another table while replay runs', async () => {
  const pair = await createPair('newest', 'oldest');
  const { provider, subscriber } = pair;
  await provider.execute('create table t (id int primary key, a int, b int); insert into t values (1, 1, 2)');
  await subscriber.execute(
    'create table one (id int primary key, a int, b int); create table two (like one including all)',
  );
  const replay = Daemons.replay(pair);
  await subscribe(pair, 't', { destTable: 'one' });
  await provider.execute('insert into t values (2, 3, 4)');
  await replayed(pair);
  for (const [destTable, list] of [
    ['two', 'id,a'],
    ['two', 'id,a=b,b=a'],
    ['one', undefined],
  ] as const) {
    await removeSubscriberTables(pair.ends, ['t']);
    await addSubscriberTables(pair.ends, ['t'], { destTable, columns: list });
    await becomes(pair, 't', 'ok');
    await provider.execute('update t set a = a + 10, b = b + 10');
    await replayed(pair);
    const select =
      list === undefined
        ? 'select id, a, b'
        : list === 'id,a'
          ? 'select id, a, null as b'
          : 'select id, a as b, b as a';
    const rows = await provider.query(`${select} from t order by id`);
    expect(await subscriber.query(`select id, a, b from ${destTable} order by id`)).toEqual(
      rows.map(({ id, a, b }) => ({ id, a, b })),
    );
  }
  // What the table before got stays there.
  expect(await subscriber.query('select id, a, b from two order by id')).toEqual([
    { id: 1, a: 22, b: 21 },
    { id: 2, a: 24, b: 23 },
  ]);
  await replay.stop();
});

test('a column that the provider generates and the subscriber stores', async () => {
  const pair = await createPair('oldest', 'newest');
  await pair.provider.execute(
    'create table g (id int primary key, n int generated always as (id + 1) stored, m int generated always as (id * 2) stored); insert into g values (1)',
  );
  await pair.subscriber.execute(
    'create table g (m int generated always as (id * 2) stored, n int, id int primary key)',
  );
  const replay = Daemons.replay(pair);
  await subscribe(pair, 'g');
  await pair.provider.execute('insert into g values (2); insert into g select generate_series(100, 1000)');
  await replayed(pair);
  const select = 'select id, n, m from g order by id';
  expect(await compare(pair, [select, select])).toBe(903);
  await replay.stop();
});
