/** Under full load compare reports no row that is only being changed, and repair mends what is wrong. */
import { expect, it } from 'vitest';
import { sleep } from '../../src/kernel/clock.js';
import { arm, disarmAll } from '../../src/kernel/tap.js';
import { open } from '../support/databases.js';
import { createPair, type Pair } from '../support/pair.js';
import { compareAll, repairTable, replicate, serve } from './bench.js';

const isLong = process.env['LONDISTE_TEST_LONG'] !== undefined;
const runs = isLong ? 20 : 3;
const rows = isLong ? 1_000_000 : 30_000;
const writers = 4;
const sizes = { keys: rows / 6, slices: rows / 2 };

/** Writes to both tables until it is stopped: inserts, updates, deletes, changed keys, and some transactions that take long. */
class Writers {
  changes = 0;
  #isStopped = false;
  readonly #done: Promise<unknown>;

  constructor(pair: Pair) {
    this.#done = Promise.all(Array.from({ length: writers }, (_, n) => this.#write(pair, n)));
  }

  async stop(): Promise<void> {
    this.#isStopped = true;
    await this.#done;
  }

  async #write({ providerSettings }: Pair, writer: number): Promise<void> {
    await using session = await open(providerSettings, `writer ${writer}`);
    for (let n = 0; !this.#isStopped; n += 1) {
      // Keys of the writer's own, so that none waits for another.
      const id = (1 + ((n * 7919) % (rows / writers - 1))) * writers + writer;
      const changed = await session.query<{ n: number }>(`
        with u as (update entry set item = item || 'x', at = now() where id between ${id} and ${id + 80} and id % ${writers} = ${writer} returning 1),
             d as (delete from entry where id = ${(id * 3) % rows} and id % ${writers} = ${writer} and not id between ${id} and ${id + 80} returning 1),
             i as (insert into entry values (${rows + 10} + ${n} * ${writers} + ${writer}, 'new', now()) returning 1),
             b as (insert into bag values (${n % 50}, 'w${writer}') returning 1)
        select (select count(*) from u) + (select count(*) from d) + (select count(*) from i) + (select count(*) from b) as n`);
      this.changes += changed[0]?.n ?? 0;
      if (n % 5 === 0)
        this.changes += await session.execute(`delete from bag where a = ${n % 50} and b = 'w${writer}'`);
      if (n % 40 === 0)
        await session.execute(
          `begin; update entry set id = -id where id = ${id}; select pg_sleep(0.2); update entry set item = 'slow' where id = ${-id}; commit`,
        );
    }
  }
}

it(
  `no false difference in ${runs} runs, and repair mends what is wrong`,
  { timeout: isLong ? 1_800_000 : 180_000 },
  async () => {
    const pair = await createPair('oldest', 'newest');
    const tables =
      'create table entry (id int primary key, item text, at timestamptz); create table bag (a int, b text)';
    await pair.provider
      .execute(`${tables}; insert into entry select n, 'item ' || n, now() from generate_series(1, ${rows}) n;
      insert into bag select n % 50, 'b' from generate_series(1, ${rows / 10}) n; analyze`);
    await pair.subscriber.execute(tables);
    await serve(pair);
    await replicate(pair, ['entry']);
    await replicate(pair, ['bag'], { identity: 'full' });

    // Long enough for replay to go some ticks further, if it did not wait.
    let slow = 0;
    arm('compare.at-tick', async () => {
      slow += 1;
      await sleep(150);
    });
    const load = new Writers(pair);
    const meanwhile: number[] = [];
    for (let run = 0; run < runs; run += 1) {
      const before = load.changes;
      const outcomes = await compareAll(pair, [], { sizes });
      meanwhile.push(load.changes - before);
      expect(outcomes.map(({ table, state, findings }) => [table, state, findings.first])).toEqual([
        ['public.entry', 'equal', []],
        ['public.bag', 'equal', []],
      ]);
      for (const { ranges, rows: counted } of outcomes) {
        expect(ranges).toBeGreaterThan(0);
        expect(counted.provider).toBeGreaterThan(1_000);
      }
    }

    const damaged = await pair.subscriber.execute(`update entry set item = 'damaged' where id % 997 = 5`);
    const lost = await pair.subscriber.execute('delete from entry where id % 1009 = 7');
    await pair.subscriber.execute(
      `insert into entry select -n, 'extra' from generate_series(1000001, 1000020) n`,
    );
    await pair.subscriber.execute(`insert into bag values (7, 'extra'), (7, 'extra')`);
    await pair.subscriber.execute(
      `delete from bag where ctid in (select ctid from bag where b = 'b' limit 3)`,
    );
    const before = load.changes;
    const entry = await repairTable(pair, 'entry');
    const bag = await repairTable(pair, 'bag');
    const duringRepair = load.changes - before;
    const after = await compareAll(pair, [], { sizes });
    await load.stop();
    disarmAll();
    console.log(
      `rows changed during each compare: ${meanwhile.join(', ')}; during repair: ${duringRepair}; rounds slowed down: ${slow}; damaged ${damaged}, lost ${lost}, repaired ${entry.repaired} and ${bag.repaired}`,
    );
    expect(Math.min(...meanwhile, slow, duringRepair, damaged, lost)).toBeGreaterThan(0);
    expect([entry.errors, bag.errors]).toEqual([[], []]);
    // What the writers have changed since was mended by their changes.
    expect(entry.repaired).toBeGreaterThan(10);
    expect(bag.repaired).toBeGreaterThan(1);
    expect(after.map(({ state, findings }) => [state, findings.first])).toEqual([
      ['equal', []],
      ['equal', []],
    ]);
  },
);
