/** Binary where both sides have the same types, text elsewhere; either brings every value as it is. */
import { afterEach, beforeEach, expect, test } from 'vitest';
import { formatOf } from '../../src/copy/format.js';
import { arm, disarmAll } from '../../src/kernel/tap.js';
import { sameName } from '../../src/londiste/destination.js';
import { describeTable } from '../../src/londiste/table-shape.js';
import { addProviderTables } from '../../src/setup/provider.js';
import { addSubscriberTables, listTables } from '../../src/setup/subscriber-tables.js';
import { columnsToCopy } from '../../src/copy/columns.js';
import { eventually, tickerRuns } from '../support/eventually.js';
import { createPair, Daemons, fingerprint, type Pair } from '../support/pair.js';

let pair: Pair;

beforeEach(async () => {
  pair = await createPair('oldest', 'newest');
  Daemons.ticker(pair);
  await tickerRuns(pair.provider);
});

afterEach(disarmAll);

async function create(there: string, here = there): Promise<void> {
  await pair.provider.execute(there);
  await pair.subscriber.execute(here);
}

async function chosen(name: string): Promise<string> {
  const [there, here] = [
    await describeTable(pair.provider, name),
    await describeTable(pair.subscriber, name),
  ];
  if (!there || !here) throw new Error(`no table ${name}`);
  return formatOf(columnsToCopy(sameName(name), there, here));
}

async function copied(...names: string[]): Promise<void> {
  await addProviderTables(pair.provider, pair.name.queue, names);
  await addSubscriberTables(pair.ends, names);
  const states = async (): Promise<string[]> =>
    (await listTables(pair.subscriber, pair.name)).map(({ state }) => state);
  await eventually(
    states,
    names.map(() => 'ok'),
    30_000,
  );
}

const binary = ' with (format binary)';

test('every portable type, its extremes, NULLs and arrays, in one piece and in ranges', async () => {
  const columns = `id int primary key, s smallint, b bigint, n numeric, np numeric(12, 3), r real, d double precision, o oid, t boolean, u uuid,
    y bytea, x text, v varchar(20), c char(5), j json, jb jsonb, da date, i interval, ti time, tz timetz(3), ts timestamp, tstz timestamptz(6),
    ip inet, ci cidr, ma macaddr, bi bit(3), vb bit varying, ia int[], xa text[], na numeric[], tsa timestamptz[]`;
  const rows = `insert into T values
    (1, -32768, -9223372036854775808, 'NaN', -1.5, 'NaN', '-Infinity', 4294967295, true, '00000000-0000-0000-0000-000000000000', '\\x00ff', '', '', 'a', '{"a": 1, "a" :2}',
     '{"b": [1, null]}', '4713-01-01 BC', '-178000000 years', '00:00', '23:59:60-15:59', '4713-01-01 00:00 BC', '294276-12-31 23:59:59.999999+00', '1.2.3.4/8', '10.0.0.0/8',
     '08:00:2b:01:02:03', B'101', B'', '{1,NULL,3}', '[0:1]={a,"b,\\"c"}', '{1.0,1.00,NaN}', '{infinity,-infinity}'),
    (2, 32767, 9223372036854775807, '0.0000000000000000000000000000000000001', 99.000, '-0', '5e-324', 0, false, null, '', E'back\\\\slash\\ttab\\nnew', '|', 'bb   ', '[]', '"x"', 'infinity',
     'P1Y2M3DT4H5M6.789S', '24:00', '00:00+15:59', 'infinity', '-infinity', '::1/128', '::/0', 'ff:ff:ff:ff:ff:ff', B'000', B'1011', '{}', '{{a,b},{c,NULL}}', '{}', '{}'),
    (3, null, null, null, null, null, null, null, null, null, null, null, null, null, null, null, null, null, null, null, null, null, null, null, null, null, null, null, null, null, null)`;
  for (const name of ['small', 'large']) {
    await create(`create table ${name} (${columns})`);
    await pair.provider.execute(rows.replace('T', name));
    expect(await chosen(name)).toBe(binary);
  }
  await pair.provider.execute(
    `insert into large (id, x, ts) select n, repeat('x', 90), timestamp '2000-01-01' + n * interval '1 us' from generate_series(4, 6000) n`,
  );
  const replay = Daemons.replay(pair, { copyRangeBytes: 64 * 1024 });
  await copied('small', 'large');
  for (const name of ['small', 'large'])
    expect(await fingerprint(pair.subscriber, name)).toEqual(await fingerprint(pair.provider, name));
  await replay.stop();
});

test('text where a type differs, is of the database, or depends on a setting', async () => {
  await create('create table plain (a int[], b varchar(10), c timestamptz)');
  expect(await chosen('plain')).toBe(binary);
  await create('create table longer (a varchar(10))', 'create table longer (a varchar(20))');
  await create('create table wider (a int)', 'create table wider (a bigint)');
  await create('create table cash (a int, m money)');
  await create(`create type mood as enum ('a'); create table enums (a mood)`);
  await create('create domain positive as int check (value > 0); create table domains (a positive)');
  await create('create table ranges (a int4range)');
  for (const name of ['longer', 'wider', 'cash', 'enums', 'domains', 'ranges'])
    expect([name, await chosen(name)]).toEqual([name, '']);
});

test.each([
  ['in one piece', 3],
  ['in ranges', 6000],
])(
  '%s: altered on the subscriber after it was looked at, to a type whose binary values fit',
  async (_how, rows) => {
    await create('create table entry (id int primary key, v int, item text)');
    await pair.provider.execute(
      `insert into entry select n, n, repeat('x', 90) from generate_series(1, ${rows}) n`,
    );
    let altered = 0;
    arm('copy.tables-described', async () => {
      altered += 1;
      if (altered === 1) await pair.subscriber.execute('alter table entry alter v type real');
    });
    const replay = Daemons.replay(pair, { copyRangeBytes: 64 * 1024 });
    await copied('entry');
    expect(await fingerprint(pair.subscriber, 'entry')).toEqual(await fingerprint(pair.provider, 'entry'));
    expect(altered).toBeGreaterThan(1);
    await replay.stop();
  },
);
