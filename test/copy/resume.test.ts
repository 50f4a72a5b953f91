/** Copies in ranges that are cut off: what has landed stays where it can, and the table is equal with all that hung on it. */
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { arm, disarmAll, type Moment } from '../../src/kernel/tap.js';
import { addProviderTables } from '../../src/setup/provider.js';
import { resyncTables } from '../../src/setup/resync.js';
import {
  addSubscriberTables,
  listTables,
  removeSubscriberTables,
  retryTables,
} from '../../src/setup/subscriber-tables.js';
import { checkSubscription } from '../../src/setup/subscription.js';
import { open } from '../support/databases.js';
import { definitionsOf } from '../support/definitions.js';
import { eventually, tickerRuns } from '../support/eventually.js';
import { createPair, Daemons, fingerprint, type Pair } from '../support/pair.js';

let pair: Pair;
let replay: Daemons | undefined;
let ticker: Daemons | undefined;
let definitions: string[];

const table = `create table entry (id int primary key, code int not null unique, item text, fixed text not null default 'f');
  create index entry_item on entry (item); comment on index entry_item is 'of items'`;

beforeEach(async () => {
  pair = await createPair('newest', 'oldest');
  await pair.provider.execute(table);
  await pair.subscriber.execute(table);
  await pair.provider.execute(
    `insert into entry select n, -n, repeat('x', 80) || n from generate_series(1, 12000) n`,
  );
  definitions = await definitionsOf(pair.subscriber, 'entry');
  ticker = Daemons.ticker(pair);
});

afterEach(async () => {
  disarmAll();
  await replay?.stop();
  await ticker?.stop();
});

async function start(copySnapshot: 'table' | 'range' = 'table'): Promise<void> {
  replay = Daemons.replay(pair, { copyRangeBytes: 64 * 1024, copySnapshot });
  await addProviderTables(pair.provider, pair.name.queue, ['entry']);
  await tickerRuns(pair.provider);
}

async function stateOf(): Promise<string | undefined> {
  return (await listTables(pair.subscriber, pair.name))[0]?.state;
}

async function equal(): Promise<void> {
  await eventually(stateOf, 'ok', 40_000);
  await eventually(() => fingerprint(pair.subscriber, 'entry'), await fingerprint(pair.provider, 'entry'));
  expect(await definitionsOf(pair.subscriber, 'entry')).toEqual(definitions);
}

/** Ends the copier's connections to one side, as a network would that goes away. */
async function cut(side: 'provider' | 'subscriber'): Promise<void> {
  await using session = await open(side === 'provider' ? pair.providerSettings : pair.subscriberSettings);
  await session.query(
    `select pg_terminate_backend(pid) from pg_stat_activity
      where datname = current_database() and application_name like 'londiste % copy%'`,
  );
}

/** Changes of every kind: rows that move to other blocks, values that swap, keys that move, come and go. */
async function write(round: number): Promise<void> {
  await using session = await open(pair.providerSettings);
  await session.execute(
    `update entry set item = item || '${round}' where id % 7 = ${round % 7};
     delete from entry where id % 50 = ${round % 50};
     insert into entry select ${100_000 + round * 1000} + n, ${round * 1000} + n, 'new' from generate_series(1, 300) n;
     begin;
     update entry set code = code - 1000000 where id between 500 and 900;
     update entry set code = -(1400 - (-code - 1000000)) - 2000000 where code < -1000000;
     update entry set code = code + 2000000 where code < -1000000 and id between 500 and 900;
     commit;
     update entry set id = id + 1000000 where id = (select min(id) from entry)`,
  );
}

/** At the given visit of a moment the copier is cut off, after changes; returns how often that came about. */
function cutAt(
  moment: Moment,
  visits: readonly number[],
  side: 'provider' | 'subscriber',
): { count: () => number } {
  let visit = 0;
  let cuts = 0;
  arm(moment, async () => {
    visit += 1;
    if (!visits.includes(visit)) return;
    cuts += 1;
    await write(visit);
    await cut(side);
  });
  return { count: () => cuts };
}

async function snapshots(): Promise<number> {
  const { count } = await pair.subscriber.one<{ count: number }>(
    'select count(distinct snapshot::text)::int as count from londiste.copy_range',
  );
  return count;
}

test(
  'a copy that gets on between losses is not put off for longer each time',
  { timeout: 60_000 },
  async () => {
    await start();
    let landed = 0;
    let cutOffAt = 0;
    const pauses: number[] = [];
    arm('copy.range-landed', async () => {
      landed += 1;
      if (landed % 2 === 1 || pauses.length === 6) return;
      cutOffAt = Date.now();
      await cut('provider');
    });
    arm('copy.snapshot-taken', () => {
      if (cutOffAt > 0) pauses.push(Date.now() - cutOffAt);
      cutOffAt = 0;
      return Promise.resolve();
    });
    await addSubscriberTables(pair.ends, ['entry']);
    await equal();
    console.log(`went on ${pauses.join(', ')} ms after each loss`);
    expect(pauses).toHaveLength(6);
    // Doubled from half a second, the sixth would be 16.
    expect(pauses.at(-1)).toBeLessThan(8_000);
  },
);

describe.each(['table', 'range'] as const)('copy_snapshot = %s', (copySnapshot) => {
  test.each([
    ['copy.snapshot-taken', [2], 'provider'],
    ['copy.range-landed-not-committed', [3, 9], 'subscriber'],
    ['copy.range-landed', [4, 8, 14], 'provider'],
    ['copy.landed', [1], 'subscriber'],
    ['copy.index-built', [1, 2], 'subscriber'],
    ['copy.definition-built', [1, 2], 'subscriber'],
    ['copy.caught-up', [1], 'provider'],
  ] as const)('cut off at %s', { timeout: 120_000 }, async (moment, visits, side) => {
    await start(copySnapshot);
    const cuts = cutAt(moment, visits, side);
    // Without a first loss the snapshot is taken once, and nothing is to be caught up with.
    if (moment === 'copy.snapshot-taken' || moment === 'copy.caught-up') {
      // Whoever lands another range meanwhile waits for it too, or the copy might be whole before it is cut off.
      let loss: Promise<void> | undefined;
      arm('copy.range-landed', () => (loss ??= write(3).then(() => cut('provider'))));
    }
    await addSubscriberTables(pair.ends, ['entry']);
    await eventually(() => cuts.count() >= visits.length, true, 60_000);
    await equal();
    const several = await snapshots();
    console.log(`${copySnapshot}, ${moment}: ${cuts.count()} cuts, ranges under ${several} snapshots`);
    if (moment.startsWith('copy.range-landed') || copySnapshot === 'range')
      expect(several).toBeGreaterThan(1);
  });
});

test.each([
  ['the provider rewrites the table', `vacuum full entry`, 'provider'],
  [
    'the provider empties the table',
    `truncate entry; insert into entry select n, n, 'anew' from generate_series(1, 9000) n`,
    'provider',
  ],
  ['the provider adds a column', `alter table entry add more text default 'old rows have it too'`, 'both'],
  ['the subscriber empties the table', `truncate entry`, 'subscriber'],
  ['the subscriber makes the table anew', `drop table entry; ${table}`, 'subscriber'],
] as const)('what has landed is of no use: %s', { timeout: 120_000 }, async (_, statement, side) => {
  await start();
  let visit = 0;
  arm('copy.range-landed', async () => {
    visit += 1;
    if (visit !== 5) return;
    await cut('provider');
    for (const one of ['provider', 'subscriber'] as const) {
      if (side !== one && side !== 'both') continue;
      await using session = await open(one === 'provider' ? pair.providerSettings : pair.subscriberSettings);
      await session.execute(statement);
    }
  });
  await addSubscriberTables(pair.ends, ['entry']);
  await eventually(() => visit > 5, true, 40_000);
  if (side === 'both') definitions = [...definitions, 'column | more | text | f'].sort();
  await equal();
  expect(await snapshots()).toBe(1);
});

test('a table without a key starts over, since its rows could not be told from those that are there', async () => {
  for (const session of [pair.provider, pair.subscriber])
    await session.execute('create table bag (item text); create index on bag (item)');
  await pair.provider.execute(
    `insert into bag select repeat('b', 80) || n % 50 from generate_series(1, 12000) n`,
  );
  await start('range');
  await addProviderTables(pair.provider, pair.name.queue, ['bag'], { identity: 'full' });
  let visit = 0;
  arm('copy.range-landed', async () => {
    visit += 1;
    if (visit !== 6) return;
    await pair.provider.execute(`delete from bag where ctid = any (select ctid from bag limit 500)`);
    await cut('provider');
  });
  await addSubscriberTables(pair.ends, ['bag']);
  await eventually(stateOf, 'ok', 40_000);
  await eventually(() => fingerprint(pair.subscriber, 'bag'), await fingerprint(pair.provider, 'bag'));
  expect(await snapshots()).toBe(1);
});

test('what was dropped is not lost when a copy parks, or is given up', { timeout: 120_000 }, async () => {
  await start();
  await pair.subscriber.execute(`alter table entry add constraint no_late check (id < 11000)`);
  await addSubscriberTables(pair.ends, ['entry']);
  await eventually(stateOf, 'parked');
  expect((await checkSubscription(pair.ends)).faults.map(({ fix }) => fix)).toEqual(
    Array(3).fill('londiste CONFIG subscriber retry public.entry, or resync'),
  );
  expect(await definitionsOf(pair.subscriber, 'entry')).not.toEqual(definitions);
  await pair.subscriber.execute(`alter table entry drop constraint no_late`);
  await retryTables(pair.ends, ['entry']);
  await equal();

  // Taken off the list in the middle, and added again when it has become small.
  let told: string[] = [];
  arm('copy.range-landed', async () => {
    disarmAll();
    await using session = await open(pair.subscriberSettings);
    const { faults } = await removeSubscriberTables({ ...pair.ends, subscriber: session }, ['entry']);
    told = faults.map(({ fix }) => fix);
  });
  await resyncTables(pair.ends, ['entry']);
  await eventually(stateOf, undefined);
  expect(told).toEqual([
    'CREATE UNIQUE INDEX entry_pkey ON public.entry USING btree (id); alter table only public.entry add constraint entry_pkey primary key using index entry_pkey',
    'CREATE UNIQUE INDEX entry_code_key ON public.entry USING btree (code); alter table only public.entry add constraint entry_code_key unique using index entry_code_key',
    "CREATE INDEX entry_item ON public.entry USING btree (item); comment on index public.entry_item is 'of items'",
  ]);
  expect(await definitionsOf(pair.subscriber, 'entry')).not.toEqual(definitions);
  await pair.provider.execute('truncate entry');
  await addSubscriberTables(pair.ends, ['entry']);
  await equal();
});
