/** Transactions that stay open while hundreds of ticks pass by, and commit long after: applied once, at the tick that first sees them. */
import { beforeAll, describe, expect, test } from 'vitest';
import type { Session } from '../../src/db/session.js';
import { inTransaction } from '../../src/db/transaction.js';
import { open } from '../support/databases.js';
import { positionOf, reach, recordTick, stateAt, subscribeByHand, tickNow } from '../support/hand-ticks.js';
import { createPair, Daemons, type Pair } from '../support/pair.js';
import { oneWay } from '../support/ways.js';

const tables = ['entry', 'counted'];
const ddl = `create table entry (id int primary key, v text);
  create table counted (id int primary key, n int unique deferrable initially immediate)`;

/** Ticks that pass while a transaction is open: hours, at one a minute. */
const many = 300;

describe.each(oneWay('there'))('from %s to %s', (from, to) => {
  let pair: Pair;
  let replay: Daemons;
  let batches = 0;

  beforeAll(async () => {
    pair = await createPair(from, to);
    // A mistake in a test shall not wait for itself.
    await pair.provider.execute(`set lock_timeout = '5s'`);
    await pair.provider.execute(ddl);
    await pair.subscriber.execute(ddl.replace(' deferrable initially immediate', ''));
    serve();
    await subscribeByHand(pair, tables);
    await pair.provider.execute(
      `insert into entry select g, 'old' from generate_series(1, 100) g; insert into counted select g, g from generate_series(1, 100) g`,
    );
  });

  function serve(): void {
    replay = Daemons.replay(pair, {
      onBatch: () => {
        batches += 1;
      },
    });
  }

  /** A tick, and on both sides the same at it. */
  async function equalAtTick(): Promise<number> {
    await using reader = await open(pair.providerSettings, 'recorder');
    const there = await recordTick(pair.name.queue, { reader, other: pair.provider }, tables);
    if (there === undefined) throw new Error('somebody else ticks');
    await reach(pair, there.tick);
    expect(await stateAt(pair, pair.subscriber, tables)).toEqual(there);
    return there.tick;
  }

  /** Ticks, one after the other, each with a change of its own. */
  async function pass(ticks: number, session: Session = pair.provider): Promise<void> {
    for (let n = 0; n < ticks; n += 1) {
      await session.execute(`update entry set v = 'tick ${n}' where id = ${1 + (n % 50)}`);
      await tickNow(pair.provider, pair.name.queue);
    }
  }

  test('open over hundreds of ticks, with writes before, between and after them', async () => {
    await using long = await open(pair.providerSettings, 'long');
    await using longer = await open(pair.providerSettings, 'longer');
    await long.execute(
      `begin; update entry set v = 'long' where id = 60; insert into entry values (1000, 'long')`,
    );
    await longer.execute(`begin isolation level repeatable read; update counted set n = 1000 where id = 1`);
    await equalAtTick();
    await pass(many / 2);
    await equalAtTick();
    await long.execute(`savepoint s; update entry set v = 'never' where id = 61; rollback to s;
      update entry set id = id + 2000 where id between 70 and 79; delete from entry where id = 80; update counted set n = n + 500 where id between 50 and 60`);
    await pass(many / 2);
    const before = await equalAtTick();
    await long.execute('commit');
    // Seen by the very next tick, together with what was committed hundreds of ticks after it had been written.
    await pair.provider.execute(
      `insert into counted values (1001, 50); update entry set v = 'after' where id = 60`,
    );
    expect(await equalAtTick()).toBe(before + 1);
    await longer.execute(`update counted set n = 2000 where id = 2; commit`);
    expect(await equalAtTick()).toBe(before + 2);
    const { ticks } = await pair.provider.one<{ ticks: number }>(
      'select count(*)::int as ticks from pgq.tick',
    );
    console.log(`${from} to ${to}: ${ticks} ticks, ${batches} batches`);
    expect(ticks).toBeGreaterThan(many);
  });

  test('open while replay is stopped, and while its ticks are caught up with as one batch', async () => {
    await using long = await open(pair.providerSettings, 'long');
    await long.execute(
      `begin; update entry set v = 'began before' where id between 60 and 69; delete from counted where id = 99`,
    );
    await pass(5);
    await replay.stop();
    await pass(many / 3);
    await long.execute(`insert into counted values (99, 99); commit`);
    await using open2 = await open(pair.providerSettings, 'long');
    await open2.execute(`begin; insert into entry values (3000, 'still open')`);
    await pass(5);
    const at = await positionOf(pair, pair.subscriber);
    const head = await tickNow(pair.provider, pair.name.queue);
    batches = 0;
    serve();
    await reach(pair, head);
    expect(head - at).toBeGreaterThan(many / 3);
    expect(batches).toBeLessThan(head - at);
    await equalAtTick();
    await open2.execute('commit');
    await equalAtTick();
  });

  test('prepared, and committed or rolled back by another session after many ticks', async () => {
    await using first = await open(pair.providerSettings, 'first');
    await first.execute(
      `begin; update entry set v = 'prepared' where id = 90; insert into counted values (5000, 5000); prepare transaction 'kept ${pair.providerSettings.database}'`,
    );
    await first.execute(
      `begin; delete from entry where id < 20; prepare transaction 'dropped ${pair.providerSettings.database}'`,
    );
    await equalAtTick();
    for (let n = 0; n < 60; n += 1) {
      await pair.provider.execute(`update entry set v = 'tick ${n}' where id = ${30 + (n % 20)}`);
      await tickNow(pair.provider, pair.name.queue);
    }
    const before = await equalAtTick();
    await pair.provider.execute(`commit prepared 'kept ${pair.providerSettings.database}'`);
    expect(await equalAtTick()).toBe(before + 1);
    expect(await pair.subscriber.query('select v from entry where id = 90')).toEqual([{ v: 'prepared' }]);
    await pair.provider.execute(`rollback prepared 'dropped ${pair.providerSettings.database}'`);
    await equalAtTick();
    expect(await pair.subscriber.query('select from entry where id < 20')).toHaveLength(19);
  });

  test('a transaction that is open when its table is added and copied', async () => {
    for (const session of [pair.provider, pair.subscriber])
      await session.execute('create table late (id int primary key, v text)');
    await pair.provider.execute(`insert into late select g, 'old' from generate_series(1, 50) g`);
    await using long = await open(pair.providerSettings, 'long');
    await inTransaction(long, async () => {
      // Holds no lock on the table yet: what it writes there later is captured, and its snapshot is older than the copy's.
      await long.execute(`insert into entry values (7000, 'older'); select txid_current()`);
      await subscribeByHand(pair, ['late']);
      await long.execute(`update late set v = 'by the older' where id < 10; delete from late where id = 50`);
      await pass(20);
    });
    await reach(pair, await tickNow(pair.provider, pair.name.queue));
    const rows = 'select * from late order by id';
    expect(await pair.subscriber.query(rows)).toEqual(await pair.provider.query(rows));
    await replay.stop();
  });
});
