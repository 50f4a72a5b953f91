/** What happens to a table, and to replay, while a compare is at it. */
import { afterEach, beforeEach, expect, it } from 'vitest';
import { arm, disarmAll } from '../../src/kernel/tap.js';
import { Comparison, type TableOutcome } from '../../src/compare/compare.js';
import { Pace } from '../../src/compare/pace.js';
import { createPair, type Pair } from '../support/pair.js';
import { compareAll, replicate, serve, withBench } from './bench.js';

let pair: Pair;

beforeEach(async () => {
  pair = await createPair('oldest', 'newest');
  const table = 'create table entry (id int primary key, item text)';
  await pair.provider.execute(
    `${table}; insert into entry select n, 'item ' || n from generate_series(1, 2000) n; analyze entry`,
  );
  await pair.subscriber.execute(table);
  await serve(pair);
  await replicate(pair, ['entry']);
});

afterEach(disarmAll);

/** Two ranges a second, so that there are several rounds; `between` happens before the second. */
async function compareWhile(between: () => Promise<unknown>): Promise<TableOutcome | undefined> {
  let rounds = 0;
  arm('compare.announced', async () => {
    rounds += 1;
    if (rounds === 2) await between();
  });
  const [outcome] = await compareAll(pair, ['entry'], {
    sizes: { keys: 400, slices: 400 },
    pace: new Pace(2),
  });
  expect(rounds).toBeGreaterThan(1);
  return outcome;
}

it('TRUNCATE and other rows: still equal, at a later tick', { timeout: 60_000 }, async () => {
  const outcome = await compareWhile(() =>
    pair.provider.execute(
      `truncate entry; insert into entry select n, 'new' from generate_series(1, 2000, 3) n`,
    ),
  );
  expect(outcome).toMatchObject({ state: 'equal' });
  expect(outcome?.ticks?.last).toBeGreaterThan(outcome?.ticks?.first ?? 0);
});

it('a column that goes: the table is not compared, with the reason', { timeout: 60_000 }, async () => {
  const outcome = await compareWhile(() => pair.provider.execute('alter table entry drop column item'));
  expect(outcome).toMatchObject({
    state: 'not-compared',
    reason: expect.stringMatching(/item|parked/) as string,
  });
});

it('a condition that fails for a row', { timeout: 60_000 }, async () => {
  const [outcome] = await compareAll(pair, ['entry'], { where: '1 / (id - 5) >= 0' });
  expect(outcome).toMatchObject({
    state: 'not-compared',
    reason: expect.stringContaining('SQLSTATE 22012') as string,
  });
});

it('a replay that does not come to the tick in time is told of', { timeout: 60_000 }, async () => {
  let release = (): void => undefined;
  const held = new Promise<void>((resolve) => {
    release = resolve;
  });
  arm('replay.fetched', () => held);
  await pair.provider.execute(`update entry set item = 'held' where id = 1`);
  const compared = withBench(
    pair,
    async (bench) => {
      const comparison = await Comparison.open(bench);
      const [table] = await comparison.tables(['entry']);
      if (!table) throw new Error('no table entry');
      return comparison.compare(table);
    },
    { holdMs: 500, waitMs: 200 },
  );
  await expect(compared).rejects.toMatchObject({
    kind: 'refused',
    message: expect.stringMatching(/did not come to the tick of the compare, 3 times within 0.5 s/) as string,
  });
  disarmAll();
  release();
});
