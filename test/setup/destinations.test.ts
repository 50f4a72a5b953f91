/** What `subscriber add` with a destination or a list of columns refuses, and `subscriber check` tells, each by name. */
import { beforeAll, describe, expect, test } from 'vitest';
import { parseColumns, showColumns } from '../../src/londiste/column-list.js';
import { subscriberAddTable } from '../../src/londiste/table-state.js';
import { addProviderTables } from '../../src/setup/provider.js';
import { addSubscriberTables, listTables } from '../../src/setup/subscriber-tables.js';
import { checkSubscription } from '../../src/setup/subscription.js';
import { createPair, type Pair } from '../support/pair.js';

test.each([
  ['id', [['id', 'id']], 'id'],
  [
    ' id , name ',
    [
      ['id', 'id'],
      ['name', 'name'],
    ],
    'id,name',
  ],
  [
    'id,address=addr',
    [
      ['id', 'id'],
      ['address', 'addr'],
    ],
    'id,address=addr',
  ],
  [
    'a=b,b=a',
    [
      ['a', 'b'],
      ['b', 'a'],
    ],
    'a=b,b=a',
  ],
  ['"id"="id"', [['id', 'id']], 'id'],
  [
    '"a, ""b""=" = "c d",É=x',
    [
      ['a, "b"=', 'c d'],
      ['É', 'x'],
    ],
    '"a, ""b""="="c d",É=x',
  ],
] as const)('columns %s', (typed, pairs, shown) => {
  const columns = parseColumns(typed);
  expect([...columns]).toEqual(pairs);
  expect(showColumns(columns)).toBe(shown);
  expect([...parseColumns(shown)]).toEqual(pairs);
});

test.each([
  ['', 'got nothing'],
  ['id,', 'got nothing'],
  ['id,,name', 'got ,name'],
  ['id name', 'got id name'],
  ['id=', 'got id='],
  ['id,"name', 'got "name'],
  ['a=b=c', 'got a=b=c'],
  ['id,name,id', 'column id of the provider twice'],
  ['a=x,b=x', 'column x of the subscriber twice'],
  ['a=b,b', 'column b of the subscriber twice'],
])('columns %s are refused', (typed, said) => {
  expect(() => parseColumns(typed)).toThrow(said);
});

/** What is said, with what to type, a line each. */
async function refusedBy(pair: Pair, typed: readonly string[], otherwise: object): Promise<string[]> {
  const before = await listTables(pair.subscriber, pair.name);
  const error = await addSubscriberTables(pair.ends, typed, otherwise).then(
    () => new Error('it was added'),
    (thrown: unknown) => thrown as Error & { hint: string },
  );
  expect(await listTables(pair.subscriber, pair.name)).toEqual(before);
  return `${error.message}\n${'hint' in error ? error.hint : ''}`.split('\n');
}

test('virtual columns, whose values are not carried', async () => {
  const pair = await createPair('newest', 'oldest');
  await pair.provider.execute(
    'create table virtual (id int primary key, v int generated always as (id + 1) virtual)',
  );
  await pair.subscriber.execute('create table virtual (id int primary key, v int)');
  await pair.provider.query('select pgq.announce_ticker()');
  await addProviderTables(pair.provider, pair.name.queue, ['virtual']);
  expect(await refusedBy(pair, ['virtual'], {})).toEqual([
    'table public.virtual: column v of the provider is virtual, so that its values are not carried',
    'generate it on the subscriber by the same expression, or leave it out with --columns',
  ]);
  await addSubscriberTables(pair.ends, ['virtual'], { columns: 'id' });
  expect((await checkSubscription(pair.ends)).faults).toEqual([]);
});

describe.each([
  ['newest', 'oldest'],
  ['oldest', 'newest'],
] as const)('from %s to %s', (from, to) => {
  let pair: Pair;
  beforeAll(async () => {
    pair = await createPair(from, to);
    await pair.provider.execute(
      `create table entry (id int primary key, name text, address text, n int);
       create table other (id int primary key)`,
    );
    await pair.subscriber.execute(
      `create schema shop; create table shop.entry (id int primary key, name text, addr text, n bigint, own int not null default 1);
       create table shop.strict (id int primary key, name text not null, must int not null);
       create table shop.keyless (id int not null, name text); create table other (id int primary key); create view shop.looks as select 1 as id`,
    );
    await pair.provider.query('select pgq.announce_ticker()');
    await addProviderTables(pair.provider, pair.name.queue, ['entry', 'other']);
  });

  const refused = (typed: readonly string[], otherwise: object): Promise<string[]> =>
    refusedBy(pair, typed, otherwise);

  test.each([
    [
      { destTable: 'shop.entry' },
      'table public.entry: column address of the provider is missing on the subscriber (address of shop.entry)',
      'table public.entry: column n is integer on the provider and bigint on the subscriber (n of shop.entry)',
      'ALTER TABLE shop.entry ADD COLUMN "address" text',
      'ALTER TABLE shop.entry ALTER COLUMN "n" TYPE integer',
    ],
    [
      { destTable: 'shop.entry', columns: 'id,address=adress,nmae=name' },
      'table public.entry: the provider has no column nmae, which --columns names',
      'table public.entry: column address of the provider is missing on the subscriber (adress of shop.entry)',
      'name name instead, or leave it out',
      'ALTER TABLE shop.entry ADD COLUMN "adress" text',
    ],
    [
      { destTable: 'shop.entry', columns: 'name' },
      'table public.entry: column id is of the key, and --columns does not name it',
      'add id to --columns',
    ],
    [
      { destTable: 'shop.strict', columns: 'id' },
      'table public.entry: column name of shop.strict, which no row from the provider has a value for, is NOT NULL and has no default',
      'table public.entry: column must of shop.strict, which no row from the provider has a value for, is NOT NULL and has no default',
      'ALTER TABLE shop.strict ALTER COLUMN "name" DROP NOT NULL, or SET DEFAULT ...',
      'ALTER TABLE shop.strict ALTER COLUMN "must" DROP NOT NULL, or SET DEFAULT ...',
    ],
    [
      { destTable: 'shop.keyless', columns: 'id' },
      'table shop.keyless has no primary key or unique index over ("id") on the subscriber',
      'ALTER TABLE shop.keyless ADD PRIMARY KEY ("id")',
    ],
    [
      { destTable: 'shop.nothere', columns: 'id' },
      'table shop.nothere does not exist on the subscriber',
      "create it there with the columns of the provider's; subscriber add --create does that",
    ],
    [
      { destTable: 'shop.looks' },
      'shop.looks is not a table on the subscriber',
      'put a table, ordinary or partitioned, in its place',
    ],
    [
      { columns: 'id,' },
      '--columns id,: expected a column, got nothing',
      'write NAME,NAME,... or THERE=HERE where the subscriber has another name for it; quote names like "odd, one"',
    ],
  ])('%o', async (otherwise, ...lines) => {
    expect(await refused(['entry'], otherwise)).toEqual(lines);
  });

  test('more than one table', async () => {
    const [what] = await refused(['entry', 'other'], { destTable: 'shop.entry' });
    expect(what).toBe(
      '--dest-table and --columns are for one table, and these are 2: public.entry, public.other',
    );
  });

  test('two tables into one, in either order', async () => {
    await addSubscriberTables(pair.ends, ['entry'], { destTable: 'other', columns: 'id' });
    expect(await refused(['other'], {})).toEqual([
      'table public.other: the rows of table public.entry go to public.other already',
      'londiste CONFIG subscriber add public.other --dest-table ANOTHER',
    ]);
    // Two commands at once: what each has looked at is not so any more.
    const plain = { table: 'public.other', columns: undefined };
    await expect(subscriberAddTable(pair.subscriber, pair.name, 'public.other', plain)).rejects.toThrow(
      'the rows of table public.entry go to public.other already',
    );
    await addSubscriberTables(pair.ends, ['other'], { destTable: '"shop"."entry"', columns: 'id' });
    const list = await listTables(pair.subscriber, pair.name);
    expect(list.map(({ name, destination }) => [name, destination])).toEqual([
      ['public.entry', { table: 'public.other', columns: 'id' }],
      ['public.other', { table: 'shop.entry', columns: 'id' }],
    ]);
  });

  test('check compares what was added as it was added', async () => {
    expect((await checkSubscription(pair.ends)).faults).toEqual([]);
    await pair.subscriber.execute(
      'alter table shop.entry alter own drop default; alter table other alter id type bigint',
    );
    expect((await checkSubscription(pair.ends)).faults).toEqual([
      {
        what: 'table public.entry: column id is integer on the provider and bigint on the subscriber (id of public.other)',
        fix: 'ALTER TABLE public.other ALTER COLUMN "id" TYPE integer',
      },
      {
        what: 'table public.other: column own of shop.entry, which no row from the provider has a value for, is NOT NULL and has no default',
        fix: 'ALTER TABLE shop.entry ALTER COLUMN "own" DROP NOT NULL, or SET DEFAULT ...',
      },
    ]);
  });
});
