/** `resync --shadow` of tables of every shape: keys, types without equality, generated columns, unique values that move, partitions. */
import { expect, test } from 'vitest';
import { addProviderTables } from '../../src/setup/provider.js';
import { resyncTables } from '../../src/setup/resync.js';
import { addSubscriberTables, listTables } from '../../src/setup/subscriber-tables.js';
import { eventually, tickerRuns } from '../support/eventually.js';
import { createPair, Daemons, fingerprint, type Pair } from '../support/pair.js';
import { memoryLog } from '../ticker/memory-log.js';
import { shadowsOf } from './entry.js';

interface Shape {
  readonly table: string;
  /** Its columns, and its columns on the subscriber where they are others. */
  readonly columns: string;
  readonly here?: string;
  /** What is run after it has been made on the subscriber. */
  readonly more?: string;
  readonly rows: string;
  /** What is wrong on the subscriber. */
  readonly spoil: string;
  /** A change on the provider while the shadow is filled. */
  readonly change: string;
  /** What is compared, where not all of it. */
  readonly compared?: string;
}

const shapes: readonly Shape[] = [
  {
    table: 'swap',
    columns: 'id int primary key, code int unique, span int4range, exclude using gist (span with &&)',
    rows: `select n, n, int4range(n, n + 1) from generate_series(1, 1000) n`,
    // Each has what another is to have.
    spoil: `update swap set code = null, span = null; update swap set code = 1 + id % 1000, span = int4range(1 + (id + 5) % 1000, 2 + (id + 5) % 1000)`,
    change: `begin; update swap set code = -code where id < 10; update swap set code = 10 + code where code < 0; commit`,
  },
  {
    table: 'deferred',
    columns: 'id int primary key, code int unique deferrable initially deferred',
    rows: 'select n, n from generate_series(1, 1000) n',
    spoil: 'update deferred set code = 1 + id % 1000',
    change: 'update deferred set code = 1001 - code',
  },
  {
    table: 'odd',
    columns: `a numeric, b text, j json, p point, x xml, f float8, c char(5), y bytea, l text[], primary key (a, b)`,
    rows: `select n, 'k' || n, '{"a": 1}', point(n, n), '<a/>', n, 'x', '\\x00', array['a', null] from generate_series(1, 500) n`,
    // Some of it compares as equal, by the type's own operators, or has none.
    spoil: `update odd set a = a + 0.00 where a < 50; update odd set j = '{"a":1}' where a between 50 and 99; update odd set p = point(0, 0) where a between 100 and 149;
      update odd set x = '<a></a>' where a between 150 and 199; update odd set f = '-0' where a between 200 and 249; update odd set c = null where a between 250 and 299;
      update odd set l = array['a', ''] where a between 300 and 349; delete from odd where a between 350 and 399; insert into odd (a, b) values (1, 'other'), (2, 'other')`,
    change: `update odd set f = 0, b = b || '!' where a < 20`,
  },
  {
    table: 'counted',
    columns: 'id int generated always as identity primary key, item text',
    rows: `overriding system value select n, 'i' || n from generate_series(1, 500) n`,
    spoil: `update counted set item = 'wrong' where id < 50; delete from counted where id = 77`,
    change: `insert into counted overriding system value values (1000, 'new')`,
  },
  {
    table: 'numbered',
    columns: 'id int primary key, n int generated always as identity, item text',
    rows: `overriding system value select n, n, 'i' || n from generate_series(1, 500) n`,
    spoil: `update numbered set item = 'wrong' where id < 50; delete from numbered where id between 60 and 70`,
    change: `update numbered set item = 'changed' where id = 7`,
  },
  {
    table: 'pairs',
    columns: 'a int, b int, primary key (b, a)',
    rows: 'select n, n % 10 from generate_series(1, 500) n',
    spoil: 'update pairs set a = a + 1000 where b = 3; delete from pairs where b = 4',
    change: 'delete from pairs where a = 100; insert into pairs values (0, 0)',
  },
  {
    table: 'made',
    columns: `id int primary key, item text, size int generated always as (length(item)) stored`,
    // A column of its own, and one that it makes from that.
    here: `seen text default 'here', item text, size int generated always as (length(item)) stored, mine int generated always as (length(seen)) stored, id int not null, unique (id)`,
    rows: `(id, item) select n, repeat('x', n) from generate_series(1, 300) n`,
    spoil: `update made set seen = 'kept'; update made set item = 'wrong' where id < 50; delete from made where id = 60; insert into made (id) values (-1)`,
    change: `update made set item = 'changed' where id = 70`,
    compared: '(select id, item, size from made)',
  },
  {
    table: 'parts',
    columns: 'id int, region int, item text, primary key (region, id)',
    here: 'id int, region int, item text, primary key (region, id)) partition by list (region',
    more: `create table parts_1 partition of parts for values in (1); create unique index on parts_1 (item); create table parts_2 partition of parts default`,
    rows: `select n, n % 5, 'i' || n from generate_series(1, 500) n`,
    spoil: `update parts set item = 'wrong' || id where id < 50; update parts set region = 1 where region = 2 and id > 300; delete from parts where region = 3`,
    change: 'update parts set region = 2 where region = 4 and id < 100',
  },
];

async function fill(pair: Pair): Promise<void> {
  for (const { table, columns, here, more = '', rows } of shapes) {
    await pair.provider.execute(`create table ${table} (${columns}); insert into ${table} ${rows}`);
    await pair.subscriber.execute(`create table ${table} (${here ?? columns}); ${more}`);
  }
}

test.each([
  ['oldest', 'newest'],
  ['newest', 'oldest'],
] as const)('from %s to %s: every shape becomes equal, and stays the table that it is', async (from, to) => {
  const pair = await createPair(from, to);
  const { provider, subscriber, ends, name } = pair;
  await fill(pair);
  const { log, lines } = memoryLog('debug');
  Daemons.ticker(pair);
  const replay = Daemons.replay(pair, { copyRangeBytes: 8192, log });
  const names = shapes.map(({ table }) => table);
  await addProviderTables(provider, name.queue, names);
  await tickerRuns(provider);
  await addSubscriberTables(ends, names);
  const states = async (): Promise<(string | undefined)[]> =>
    (await listTables(subscriber, name)).map(({ state, error }) => error ?? state);
  const allOk = names.map(() => 'ok');
  await eventually(states, allOk);
  const oids = (): Promise<unknown[]> =>
    subscriber.query(
      `select oid::int, relname, relfilenode::int from pg_class where relname = any ($1) order by 2`,
      [names],
    );
  const before = await oids();
  for (const { spoil } of shapes) await subscriber.execute(spoil);
  await resyncTables(ends, names, { shadow: true });
  for (const { change } of shapes) await provider.execute(change);
  await eventually(states, allOk);
  for (const { table, compared = table } of shapes) {
    const there = await fingerprint(provider, compared);
    await eventually(async () => [table, await fingerprint(subscriber, compared)], [table, there]);
  }
  expect(await oids()).toEqual(before);
  expect(await subscriber.query(`select distinct seen from made order by 1`)).toEqual([
    { seen: 'here' },
    { seen: 'kept' },
  ]);
  expect(await subscriber.one(`select count(*)::int as n from made where seen = 'here'`)).toEqual({ n: 1 });
  await eventually(() => shadowsOf(subscriber), []);
  const made = lines.filter((line) => line.includes('made equal to its shadow'));
  const anew = lines.filter((line) => line.includes('the batch is applied anew'));
  console.log(`${made.length} differences, ${anew.length} of them made anew for unique values that moved`);
  expect(made.length).toBeGreaterThanOrEqual(shapes.length);
  expect(anew.length).toBeGreaterThan(0);
  await replay.stop();
});
