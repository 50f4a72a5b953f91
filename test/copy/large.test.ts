/** A large table with indexes is copied while clients write to it; replay of another table does not notice. */
import { afterEach, expect, test } from 'vitest';
import { addProviderTables } from '../../src/setup/provider.js';
import { addSubscriberTables, listTables } from '../../src/setup/subscriber-tables.js';
import { open } from '../support/databases.js';
import { definitionsOf } from '../support/definitions.js';
import { readSide } from '../support/equality.js';
import { eventually, tickerRuns } from '../support/eventually.js';
import { createPair, Daemons, type Pair } from '../support/pair.js';
import { isLong } from '../support/random-stories.js';

const rows = isLong ? 5_000_000 : 500_000;
const clients = 4;
/** A quick copy leaves a single one too little time. */
const probes = 3;

let stopAll: (() => Promise<void>) | undefined;

afterEach(async () => {
  await stopAll?.();
});

async function state(pair: Pair, table: string): Promise<string | undefined> {
  return (await listTables(pair.subscriber, pair.name)).find(({ name }) => name === `public.${table}`)?.state;
}

/** Writes to the large table until stopped; returns how many transactions it were. */
async function write(pair: Pair, client: number, stop: AbortSignal): Promise<number> {
  await using session = await open(pair.providerSettings, 'writer');
  let n = 0;
  for (; !stop.aborted; n += 1) {
    const id = 1 + ((n * 7919 + client * 104_729) % rows);
    await session.execute(
      `update entry set item = item || '.', at = now() where id between ${id} and ${id + 4};
       delete from entry where id = ${id + 7};
       insert into entry values (${rows + 1 + n * clients + client}, 'new', ${n}, now())`,
    );
    // A busy application, not a bulk load: the servers and we share two processors.
    await new Promise((resolve) => setTimeout(resolve, 5));
  }
  return n;
}

/** How long rows of the other table take to the subscriber, in milliseconds, one after the other until stopped. */
async function probe(pair: Pair, nr: number, stop: AbortSignal): Promise<number[]> {
  await using there = await open(pair.providerSettings, 'probe');
  await using here = await open(pair.subscriberSettings, 'probe');
  const lags: number[] = [];
  while (!stop.aborted) {
    const began = performance.now();
    const id = lags.length * probes + nr;
    await there.execute(`insert into probe values (${id})`);
    while ((await here.query('select from probe where id = $1', [id])).length === 0)
      await new Promise((resolve) => setTimeout(resolve, 5));
    lags.push(performance.now() - began);
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
  return lags;
}

test(`${rows} rows with three indexes beside ${clients} writers`, { timeout: 900_000 }, async () => {
  const pair = await createPair('oldest', 'newest');
  const table = 'create table entry (id int primary key, item text, n int, at timestamptz)';
  await pair.provider.execute(`${table}; create table probe (id int primary key)`);
  await pair.subscriber.execute(
    `${table}; create index on entry (at, n); create index on entry (item); create table probe (id int primary key)`,
  );
  await pair.provider.execute(
    `insert into entry select n, 'item number ' || n, n % 1000, '2026-01-01'::timestamptz + n * interval '1 second' from generate_series(1, ${rows}) n`,
  );
  const definitions = await definitionsOf(pair.subscriber, 'entry');
  const ticker = Daemons.ticker(pair);
  const replay = Daemons.replay(pair, { copyRangeBytes: (isLong ? 64 : 4) * 1024 * 1024 });
  stopAll = async () => {
    await replay.stop();
    await ticker.stop();
  };
  await addProviderTables(pair.provider, pair.name.queue, ['entry', 'probe']);
  await tickerRuns(pair.provider);
  await addSubscriberTables(pair.ends, ['probe']);
  await eventually(() => state(pair, 'probe'), 'ok');

  const writing = new AbortController();
  const probing = new AbortController();
  const written = Array.from({ length: clients }, (_, client) => write(pair, client, writing.signal));
  const lags = Array.from({ length: probes }, (_, nr) => probe(pair, nr, probing.signal));
  const began = Date.now();
  await addSubscriberTables(pair.ends, ['entry']);
  await eventually(() => state(pair, 'entry'), 'ok', 600_000);
  const seconds = (Date.now() - began) / 1000;
  writing.abort();
  const transactions = (await Promise.all(written)).reduce((sum, count) => sum + count, 0);
  probing.abort();
  const sorted = (await Promise.all(lags)).flat().sort((a, b) => a - b);
  const most = sorted.at(-1) ?? Infinity;
  const { ranges } = await pair.subscriber.one<{ ranges: number }>(
    `select count(*)::int as ranges from londiste.copy_range where table_name = 'public.entry'`,
  );
  console.log(
    `${rows} rows in ${ranges} ranges ok after ${seconds.toFixed(1)} s beside ${transactions} transactions; lag of another table: median ${Math.round(sorted[sorted.length >> 1] ?? 0)} ms, most ${Math.round(most)} ms of ${sorted.length}`,
  );
  await eventually(
    () => readSide(pair.subscriberSettings, 'public.entry', 'id'),
    await readSide(pair.providerSettings, 'public.entry', 'id'),
    120_000,
  );
  expect(await definitionsOf(pair.subscriber, 'entry')).toEqual(definitions);
  expect(ranges).toBeGreaterThan(5);
  expect(transactions).toBeGreaterThan(100);
  expect(sorted.length).toBeGreaterThan(20);
  expect(most).toBeLessThan(1000);
});
