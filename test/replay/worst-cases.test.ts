/** What native replication is slow at: statements over whole tables, and tables that nobody has analyzed. */
import { beforeAll, describe, expect, test } from 'vitest';
import type { Replayed } from '../../src/replay/replayer.js';
import { digest, reach, subscribeByHand, tickNow } from '../support/hand-ticks.js';
import { createPair, Daemons, type Pair } from '../support/pair.js';
import { isLong } from '../support/random-stories.js';

const rows = isLong ? 200_000 : 100_000;
const fewer = isLong ? 50_000 : 30_000;

/**
 * Rows that replay must at least get done in a second, though others use the machine too: an apply by nested loops over
 * whole scans, or row by row, does a tenth of that and less.
 */
const slowest = 3_000;

const tables: Readonly<Record<string, string>> = {
  // No statistics on either side, now or ever.
  entry: `create table entry (id int primary key, v text, n int) with (autovacuum_enabled = off)`,
  keyed: `create table keyed (a text, b int, v text, primary key (a, b)) with (autovacuum_enabled = off)`,
  indexed: `create table indexed (id int primary key, a int, b int, c text, d timestamptz default '2026-01-31');
    create unique index on indexed (a); create index on indexed (b); create index on indexed (c); create index on indexed (b, c); create index on indexed (d)`,
};

describe.each([
  ['oldest', 'newest'],
  ['newest', 'oldest'],
] as const)('from %s to %s', (from, to) => {
  let pair: Pair;
  let last: Replayed | undefined;

  beforeAll(async () => {
    pair = await createPair(from, to);
    for (const session of [pair.provider, pair.subscriber])
      for (const ddl of Object.values(tables)) await session.execute(ddl);
    Daemons.replay(pair, {
      onBatch: (replayed) => {
        last = replayed;
      },
    });
    await subscribeByHand(pair, Object.keys(tables));
  });

  /** One batch; both sides are equal after it, and soon. */
  async function batch(what: string, table: string, sql: string): Promise<void> {
    const before = performance.now();
    const changed = await pair.provider.execute(sql);
    const tick = await tickNow(pair.provider, pair.name.queue);
    const executed = performance.now();
    await reach(pair, tick, 120_000);
    const seconds = (performance.now() - executed) / 1000;
    console.log(
      `${from} to ${to}: ${what}: ${changed} rows, statement ${((executed - before) / 1000).toFixed(1)} s, replay ${seconds.toFixed(1)} s ` +
        `(${Math.round(changed / seconds)} rows/s), ${last?.chunks} chunks, ${last?.staged} staged`,
    );
    expect(await digest(pair.subscriber, [table])).toBe(await digest(pair.provider, [table]));
    expect(changed).toBeGreaterThanOrEqual(fewer / 2);
    expect(changed / seconds).toBeGreaterThan(slowest);
  }

  if (to === 'newest')
    test('every row of a table that was never analyzed', { timeout: 240_000 }, async () => {
      await batch(
        'insert',
        'entry',
        `insert into entry select g, 'old ' || g, g from generate_series(1, ${rows}) g`,
      );
      await batch('update of all rows', 'entry', `update entry set v = 'new ' || n`);
      await batch('delete of half', 'entry', `delete from entry where id % 2 = 0`);
      await batch('change of every key', 'entry', `update entry set id = -id`);
    });

  if (to === 'oldest')
    test('a key of two columns', { timeout: 240_000 }, async () => {
      await batch(
        'insert',
        'keyed',
        `insert into keyed select 'k ' || g % 100, g, 'old' from generate_series(1, ${fewer}) g`,
      );
      await batch('update of all rows', 'keyed', `update keyed set v = 'new ' || b`);
      await batch('delete of half', 'keyed', `delete from keyed where b % 2 = 0`);
    });

  if (to === 'oldest')
    test('a table with six indexes, one of them unique beside the key', { timeout: 240_000 }, async () => {
      await batch(
        'insert',
        'indexed',
        `insert into indexed select g, g, g % 100, 'c ' || g % 1000 from generate_series(1, ${fewer}) g`,
      );
      await batch('update of all rows', 'indexed', `update indexed set b = b + 1, c = 'd ' || b`);
      await batch('every unique value moved', 'indexed', `update indexed set a = -a`);
      await batch('delete of half', 'indexed', `delete from indexed where id % 2 = 0`);
    });
});
