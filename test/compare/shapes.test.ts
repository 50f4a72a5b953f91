/** Tables of every shape: equal ones are found equal, one damaged row is found, and repaired; ranges by every kind of key. */
import { afterEach, beforeAll, describe, expect, it } from 'vitest';
import type { CaptureOptions } from '../../src/londiste/provider.js';
import { addProviderTables } from '../../src/setup/provider.js';
import { addSubscriberTables } from '../../src/setup/subscriber-tables.js';
import { installSubscriber } from '../../src/setup/subscription.js';
import { asSuperuser, open } from '../support/databases.js';
import { eventually } from '../support/eventually.js';
import { createPair, type Pair } from '../support/pair.js';
import { compareAll, repairTable, replicate, serve } from './bench.js';

interface Shape {
  readonly there: string;
  /** As on the provider when it is left out. */
  readonly here?: string;
  readonly rows: string;
  /** Makes one row wrong on the subscriber, or more. */
  readonly damage: string;
  readonly found: readonly (readonly [kind: string, key: string])[];
  readonly options?: CaptureOptions;
  readonly destination?: { readonly destTable?: string; readonly columns?: string };
  readonly ranges: number;
}

const icu = `create collation if not exists icu (provider = icu, locale = 'de-u-kn-true')`;

const shapes: Readonly<Record<string, Shape>> = {
  'text keys, C there and ICU here': {
    there: 'create table t (k text collate "C" primary key, v int)',
    here: `${icu}; create table t (k text collate icu primary key, v int)`,
    rows: `select chr(65 + n % 58) || case when n % 3 = 0 then '-' else '' end || n, n from generate_series(1, 2000) n`,
    damage: `update t set v = -1 where v = 100`,
    found: [['different', '(k100)']],
    ranges: 4,
  },
  'text keys in C on both sides': {
    there: 'create table t (k text collate "C" primary key, v int)',
    rows: `select md5(n::text), n from generate_series(1, 2000) n`,
    damage: `delete from t where v = 100`,
    found: [['missing', '(f899139df5e1059396431415e770c6dd)']],
    ranges: 6,
  },
  'a composite key in another order': {
    there: 'create table t (a int, b uuid, c text, primary key (a, b))',
    here: 'create table t (c text, b uuid, a int, primary key (b, a))',
    rows: `select n % 10, md5(n::text)::uuid, 'c' || n from generate_series(1, 2000) n`,
    damage: `insert into t values ('extra', '00000000-0000-0000-0000-000000000000', 3)`,
    found: [['extra', '(3,00000000-0000-0000-0000-000000000000)']],
    ranges: 6,
  },
  'no key: rows by how many there are': {
    there: 'create table t (a int, b json)',
    rows: `select n % 100, json_build_object('n', n % 7) from generate_series(1, 2000) n`,
    damage: `delete from t where ctid in (select ctid from t where a = 5 and b::text = '{"n" : 5}' limit 2); insert into t values (5, '{"n" : 99}'), (5, '{"n" : 99}')`,
    found: [
      ['extra', '(5,"{""n"" : 99}")'],
      ['missing', '(5,"{""n"" : 5}")'],
    ],
    options: { identity: 'full' },
    ranges: 4,
  },
  'partitioned there, plain here': {
    there: `create table t (id int primary key, v text) partition by range (id);
      create table t1 partition of t for values from (minvalue) to (1000); create table t2 partition of t for values from (1000) to (maxvalue)`,
    here: 'create table t (id int primary key, v text)',
    rows: `select n, 'v' || n from generate_series(1, 2000) n`,
    damage: `update t set v = null where id = 1500`,
    found: [['different', '(1500)']],
    ranges: 6,
  },
  'plain there, partitioned here': {
    there: 'create table t (id int primary key, v text)',
    here: `create table t (id int primary key, v text) partition by hash (id);
      create table t1 partition of t for values with (modulus 2, remainder 0); create table t2 partition of t for values with (modulus 2, remainder 1)`,
    rows: `select n, 'v' || n from generate_series(1, 2000) n`,
    damage: `delete from t where id = 1500`,
    found: [['missing', '(1500)']],
    ranges: 6,
  },
  'an inheritance tree: the rows of the parent itself': {
    there:
      'create table t (id int primary key, v text); create table child () inherits (t); insert into child values (-1, $$x$$)',
    here: 'create table t (id int primary key, v text); create table child () inherits (t); insert into child values (-2, $$y$$)',
    rows: `select n, 'v' || n from generate_series(1, 2000) n`,
    damage: `update only t set v = 'x' where id = 3`,
    found: [['different', '(3)']],
    ranges: 6,
  },
  'only some rows': {
    there: 'create table t (id int primary key, region int)',
    rows: `select n, n % 10 from generate_series(1, 2000) n`,
    damage: `insert into t values (8, 8); update t set region = null where id = 17`,
    found: [
      ['different', '(17)'],
      ['extra', '(8)'],
    ],
    options: { where: 'region = 7' },
    ranges: 6,
  },
  'another name, other columns': {
    there: 'create table t (id int primary key, secret text, item text, qty int)',
    here: 'create schema other; create table other."T 2" (seen int default 5, amount int, "Id" int primary key)',
    rows: `select n, 's', 'item', n from generate_series(1, 2000) n`,
    damage: `update other."T 2" set seen = 7, amount = case when "Id" = 4 then 0 else amount end`,
    found: [['different', '(4)']],
    destination: { destTable: 'other."T 2"', columns: 'id="Id",qty=amount' },
    ranges: 6,
  },
  'generated on either side': {
    there:
      'create table t (id int primary key, a int, twice int generated always as (a * 2) stored, thrice int generated always as (a * 3) stored)',
    here: 'create table t (id int generated always as identity primary key, a int, twice int, thrice int generated always as (a * 4) stored)',
    rows: `select n, n from generate_series(1, 2000) n`,
    damage: 'update t set twice = 0 where a = 9',
    found: [['different', '(9)']],
    ranges: 6,
  },
  'numbers and their spelling': {
    there: `create table t (k numeric primary key, f float8, g float4, i interval, j jsonb, a text[], b bytea, d date, z timestamptz)`,
    rows: `select n / 10.0, case n when 1 then '-0' when 2 then 'NaN' when 3 then 'Infinity' else (n / 3.0)::text end::float8, n / 7.0, n * interval '1 hour 1 day',
      jsonb_build_object('b', n, 'a', null), array['x,y', null, '"' || n], decode(md5(n::text), 'hex'), date '2000-01-01' + n, timestamptz '2000-01-01 UTC' + n * interval '0.001 s' from generate_series(1, 2000) n`,
    damage: `update t set f = 0 where f = 0; update t set k = 1.000 where k = 1; update t set a[2] = 'NULL' where k = 0.7`,
    found: [
      ['different', '(0.70000000000000000000)'],
      ['different', '(0.10000000000000000000)'],
      ['extra', '(1.000)'],
      ['missing', '(1.00000000000000000000)'],
    ],
    ranges: 6,
  },
};

const sizes = { keys: 300, slices: 600 };
/** As typed: columns of t that may be written. */
const written: Readonly<Record<string, string>> = { 'generated on either side': '(id, a)' };

describe.each([
  ['oldest', 'newest'],
  ['newest', 'oldest'],
] as const)('from %s to %s', (from, to) => {
  let pair: Pair;

  beforeAll(async () => {
    pair = await createPair(from, to);
    await serve(pair);
  }, 60_000);

  afterEach(async () => {
    const { queue, consumer } = pair.name;
    await pair.subscriber.query('select londiste.subscriber_remove_table($1, $2, $3)', [
      queue,
      consumer,
      'public.t',
    ]);
    await pair.provider.execute(`select londiste.provider_remove_table('${queue}', 't')`);
    await pair.provider.execute('drop table if exists t cascade');
    await pair.subscriber.execute('drop table if exists t cascade; drop schema if exists other cascade');
  });

  it.each(Object.entries(shapes))('%s', { timeout: 60_000 }, async (name, shape) => {
    const { there, here = there, rows, damage, found, options, destination, ranges } = shape;
    await pair.provider.execute(`${there}; insert into t ${written[name] ?? ''} ${rows}; analyze t`);
    await pair.subscriber.execute(here);
    if (destination === undefined) await replicate(pair, ['t'], options);
    else {
      await addProviderTables(pair.provider, pair.name.queue, ['t'], options);
      await addSubscriberTables(pair.ends, ['t'], destination);
      await eventually(
        () => pair.subscriber.query('select state from londiste.table_state'),
        [{ state: 'ok' }],
      );
    }
    const [equal] = await compareAll(pair, [], { sizes });
    expect(equal).toMatchObject({ state: 'equal' });
    expect(equal?.ranges).toBeGreaterThanOrEqual(ranges);
    expect(equal?.rows.provider).toBe(options?.where === undefined ? 2000 : 200);

    await pair.subscriber.execute(damage);
    const [different] = await compareAll(pair, ['*'], { sizes });
    expect(different?.findings.first.map(({ kind, key }) => [kind, key]).sort()).toEqual([...found].sort());
    const repaired = await repairTable(pair, 't');
    expect(repaired).toMatchObject({ errors: [], outcome: { state: 'equal' } });
    expect((await compareAll(pair, [], { sizes }))[0]).toMatchObject({ state: 'equal' });
    if (destination !== undefined)
      // What only the subscriber has is left as it is.
      expect(await pair.subscriber.query('select distinct seen from other."T 2"')).toEqual([{ seen: 7 }]);
  });
});

it('servers of different encodings: the texts in UTF-8 are digested', { timeout: 60_000 }, async () => {
  const made = await createPair('newest', 'oldest');
  const { port, user } = made.subscriberSettings;
  const database = `${made.subscriberSettings.database}_win`;
  await asSuperuser(port, (admin) =>
    admin.execute(
      `create database ${database} owner ${user} encoding 'WIN1252' locale 'C' template template0`,
    ),
  );
  const subscriberSettings = { ...made.subscriberSettings, database };
  const subscriber = await open(subscriberSettings);
  const pair = { ...made, subscriberSettings, subscriber, ends: { ...made.ends, subscriber } };
  try {
    await installSubscriber(pair.ends);
    const table = 'create table t (k text primary key, v text)';
    await pair.provider.execute(
      `${table}; insert into t select 'Schlüssel ' || n, 'größer, élan ' || n from generate_series(1, 2000) n; analyze t`,
    );
    await subscriber.execute(table);
    const replay = await serve(pair);
    await replicate(pair, ['t']);
    expect((await compareAll(pair, [], { sizes }))[0]).toMatchObject({ state: 'equal', ranges: 4 });
    await subscriber.execute(`update t set v = 'grösser, élan 7' where k = 'Schlüssel 7'`);
    const [different] = await compareAll(pair, [], { sizes });
    expect(different?.findings.first).toEqual([{ kind: 'different', key: '("Schlüssel 7")', copies: 1 }]);
    expect(await repairTable(pair, 't')).toMatchObject({ repaired: 1, outcome: { state: 'equal' } });
    await replay.stop();
  } finally {
    await subscriber.end();
    await asSuperuser(port, (admin) => admin.execute(`drop database ${database} with (force)`));
  }
});
