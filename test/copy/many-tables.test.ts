/** Many tables at once: as many as may be under way, none waits for one that takes long, all come through soon. */
import { afterEach, expect, test } from 'vitest';
import { arm, disarmAll } from '../../src/kernel/tap.js';
import { addProviderTables } from '../../src/setup/provider.js';
import { addSubscriberTables, listTables } from '../../src/setup/subscriber-tables.js';
import { open } from '../support/databases.js';
import { eventually, tickerRuns } from '../support/eventually.js';
import { createPair, Daemons, fingerprint, type Pair, type ReplayOptions } from '../support/pair.js';
import { isLong } from '../support/random-stories.js';

let pair: Pair;
let replay: Daemons | undefined;
let ticker: Daemons | undefined;

afterEach(async () => {
  disarmAll();
  await replay?.stop();
  await ticker?.stop();
});

/** Tables t1, t2, ... with one row each on the provider, in the set. */
async function start(count: number, options: ReplayOptions = {}): Promise<string[]> {
  pair = await createPair('oldest', 'newest');
  const names = Array.from({ length: count }, (_, n) => `t${n + 1}`);
  for (const session of [pair.provider, pair.subscriber]) {
    // A statement each: all of them in one transaction would need more locks than the servers have room for.
    for (const name of names) await session.execute(`create table ${name} (id int primary key, item text)`);
  }
  for (const name of names) await pair.provider.execute(`insert into ${name} values (1, '${name}')`);
  ticker = Daemons.ticker(pair);
  replay = Daemons.replay(pair, options);
  for (let n = 0; n < count; n += 100)
    await addProviderTables(pair.provider, pair.name.queue, names.slice(n, n + 100));
  await tickerRuns(pair.provider);
  return names;
}

async function states(): Promise<Record<string, number>> {
  const counts: Record<string, number> = {};
  for (const { state } of await listTables(pair.subscriber, pair.name))
    counts[state] = (counts[state] ?? 0) + 1;
  return counts;
}

const many = isLong ? 1000 : 200;

test(
  `${many} small tables are all ok within ${(60 * many) / 1000} seconds`,
  { timeout: 300_000 },
  async () => {
    const names = await start(many);
    const began = Date.now();
    await addSubscriberTables(pair.ends, names);
    const added = Date.now() - began;
    await eventually(states, { ok: many }, 200_000);
    const took = Date.now() - began;
    console.log(`${many} small tables ok after ${took} ms, of which ${added} ms for the command`);
    for (const name of [names[0] ?? '', names.at(-1) ?? ''])
      expect(await fingerprint(pair.subscriber, name)).toBe(await fingerprint(pair.provider, name));
    expect(took).toBeLessThan(60 * many);
  },
);

test('a table with one row is ok within half a second', { timeout: 120_000 }, async () => {
  const names = await start(9);
  const times: number[] = [];
  for (const name of names) {
    const began = Date.now();
    await addSubscriberTables(pair.ends, [name]);
    await eventually(async () => (await states())['ok'], times.length + 1);
    times.push(Date.now() - began);
  }
  times.sort((a, b) => a - b);
  console.log(`tables with one row were ok after ${times.join(', ')} ms`);
  expect(times[4]).toBeLessThan(500);
});

test('one that takes long holds up no other, and as many as are asked for are copied at once', async () => {
  const names = await start(6, { parallelCopies: 3 });
  let inCopy = 0;
  let most = 0;
  let letGo = (): void => undefined;
  const released = new Promise<void>((resolve) => (letGo = resolve));
  arm('copy.rows-landed-not-committed', async () => {
    inCopy += 1;
    most = Math.max(most, inCopy);
    // The first two stay where they are until the others have come through.
    if (inCopy <= 2) await released;
    inCopy -= 1;
  });
  await addSubscriberTables(pair.ends, names.slice(0, 5));
  await eventually(states, { ok: 3, copying: 2 });
  await addSubscriberTables(pair.ends, names.slice(5));
  await eventually(states, { ok: 4, copying: 2 });
  expect(most).toBe(3);
  letGo();
  await eventually(states, { ok: 6 });
});

test('a table whose copy is refused parks, the others go on over new connections', async () => {
  const names = await start(6, { parallelCopies: 2 });
  await using session = await open(pair.subscriberSettings);
  await session.execute(`alter table t1 add check (item <> 't1'); alter table t4 add check (item <> 't4')`);
  await addSubscriberTables(pair.ends, names);
  await eventually(states, { ok: 4, parked: 2 });
  const parked = (await listTables(pair.subscriber, pair.name)).filter(({ state }) => state === 'parked');
  expect(parked.map(({ name, errorSqlstate }) => [name, errorSqlstate])).toEqual([
    ['public.t1', '23514'],
    ['public.t4', '23514'],
  ]);
});
