/** C1, C7: a reader's own snapshot becomes a tick, beside tickers and writers, and what the batches make of the table is what the reader saw. */
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { ConnectSettings, Session } from '../../../src/db/session.js';
import { inTransaction } from '../../../src/db/transaction.js';
import { tickAt } from '../../../src/londiste/tick-at.js';
import { finishBatch, nextBatchInfo } from '../../../src/pgq/batch.js';
import { tickOnce } from '../../../src/ticker/ticker.js';
import { asSuperuser, open, type Which } from '../../support/databases.js';
import { createProvider, openReader, queue, Replica, type CapturedEvent } from '../../support/replica.js';

const loadMs = 2_000;

async function snapshotOf(session: Session): Promise<string> {
  return (await session.one<{ s: string }>('select pg_current_snapshot()::text as s')).s;
}

/** Four writers who meet on the same rows: inserts, updates, changes of the key, deletes; some transactions stay open for long. */
async function write(settings: ConnectSettings, seed: number, until: number): Promise<number> {
  await using session = await open(settings, `writer ${seed}`);
  let commits = 0;
  for (let n = 0; Date.now() < until; n += 1) {
    const [a, b] = [(n * 7 + seed * 3) % 40, (n * 13 + seed) % 40];
    try {
      await inTransaction(session, async () => {
        await session.execute(
          `insert into entry values (${a}, '${seed}-${n}') on conflict (id) do update set item = excluded.item`,
        );
        if (n % 50 === 0) await session.execute('select pg_sleep(0.2)');
        await session.execute(`delete from entry where id = ${b}`);
        if (n % 3 === 0)
          await session.execute(
            `update entry set id = id + 100 where id = ${a} and not exists (select from entry where id = ${a + 100})`,
          );
        if (n % 5 === 0) await session.execute('delete from entry where id between 100 and 110');
      });
      commits += 1;
    } catch {
      // Two writers that wait for one another, or insert the same row: one of them is rolled back.
    }
  }
  return commits;
}

async function tickUntil(settings: ConnectSettings, until: number): Promise<void> {
  await using session = await open(settings, 'ticker');
  while (Date.now() < until) {
    await tickOnce(session);
    await new Promise((resolve) => setTimeout(resolve, 10));
  }
}

describe.each(['oldest', 'newest'] as const)('londiste.tick_at on %s', (which: Which) => {
  let settings: ConnectSettings;
  let session: Session;

  beforeAll(async () => {
    settings = await createProvider(which);
    session = await open(settings);
    await session.execute('create table entry (id int primary key, item text)');
    await session.query('select londiste.provider_add_table($1, $2)', [queue, 'entry']);
    await session.query(
      `update pgq.queue set queue_ticker_max_lag = '0', queue_ticker_idle_period = '0' where queue_name = $1`,
      [queue],
    );
    await session.query('select pgq.register_consumer($1, $2)', [queue, 'c']);
  });
  afterAll(() => session.end());

  it('under four writers and a ticker: no tick goes backwards, and the batches lead to what the readers saw', async () => {
    const until = Date.now() + loadMs;
    const seen = new Map<number, string>();
    let refused = 0;
    const readUntil = async (): Promise<void> => {
      await using reader = await openReader(settings);
      await using other = await open(settings, 'tick_at');
      const table = new Replica('public.entry', ['id']);
      while (Date.now() < until) {
        await inTransaction(
          reader,
          async () => {
            const tick = await tickAt(other, queue, await snapshotOf(reader));
            if (tick === undefined) refused += 1;
            else seen.set(tick, JSON.stringify(await table.rowsOfTable(reader)));
          },
          { isolation: 'repeatable read', readOnly: true },
        );
      }
    };
    const [commits] = await Promise.all([
      Promise.all([1, 2, 3, 4].map((seed) => write(settings, seed, until))),
      tickUntil(settings, until),
      readUntil(),
      readUntil(),
    ]);

    const order = await session.one<{ ticks: number; backwards: number }>(
      `select count(*)::int as ticks, count(*) filter (where is_earlier or not pgq.snapshot_contains(tick_snapshot, before))::int as backwards
         from (select tick_snapshot, lag(tick_snapshot) over (order by tick_id) as before,
                 tick_time < lag(tick_time) over (order by tick_id) or tick_event_seq < lag(tick_event_seq) over (order by tick_id) as is_earlier
               from pgq.tick) t`,
    );
    const { same, events } = await rebuild(seen);
    console.log(
      `${which}: ${seen.size} ticks of readers (${refused} more were too late) among ${order.ticks}, ${commits.flat().reduce((a, b) => a + b)} transactions, ${events} events, ${same} states rebuilt`,
    );
    expect(order.backwards).toBe(0);
    expect(seen.size).toBeGreaterThan(50);
    expect(order.ticks).toBeGreaterThan(seen.size + 20);
    expect(same).toBe(seen.size);
    expect(new Set(seen.values()).size).toBeGreaterThan(30);
  });

  /** Applies batch after batch and compares with what was read at those that end with a reader's tick. */
  async function rebuild(seen: ReadonlyMap<number, string>): Promise<{ same: number; events: number }> {
    const replica = new Replica('public.entry', ['id']);
    let same = 0;
    let events = 0;
    for (let batch; (batch = await nextBatchInfo(session, queue, 'c'));) {
      const inBatch = await session.query<CapturedEvent>(
        'select ev_id, ev_type, ev_data, ev_extra1, ev_extra2, ev_extra3 from pgq.get_batch_events($1) order by ev_id',
        [batch.batchId],
      );
      events += inBatch.length;
      await replica.apply(session, inBatch);
      const there = seen.get(batch.curTickId);
      if (there !== undefined) {
        expect(JSON.stringify(replica.rows), `tick ${batch.curTickId}`).toBe(there);
        same += 1;
      }
      await finishBatch(session, batch.batchId);
    }
    return { same, events };
  }

  it('null for a snapshot that is older than the last tick, and for one that is none of this server', async () => {
    const before = await snapshotOf(session);
    expect(await tickAt(session, queue, before)).toBeTypeOf('number');
    // The same set of transactions again closes an empty batch: nothing is wrong with that.
    expect(await tickAt(session, queue, await snapshotOf(session))).toBeTypeOf('number');
    await session.execute(`insert into entry values (1000, 'later')`);
    expect(await tickAt(session, queue, await snapshotOf(session))).toBeTypeOf('number');
    const ticks = (): Promise<object> => session.one('select count(*)::int as ticks from pgq.tick');
    const there = await ticks();
    expect(await tickAt(session, queue, before)).toBeUndefined();
    expect(await tickAt(session, queue, '900000000:900000000:')).toBeUndefined();
    expect(await ticks()).toEqual(there);
  });

  it('C3, C4: commits flushed, and refuses what it cannot be right under', async () => {
    for (const [setting, within] of [
      ['off', 'on'],
      ['local', 'on'],
      ['remote_apply', 'remote_apply'],
    ] as const) {
      await session.execute(`begin; set local synchronous_commit = ${setting}`);
      await tickAt(session, queue, await snapshotOf(session));
      expect(await session.one('show synchronous_commit')).toEqual({ synchronous_commit: within });
      await session.execute('commit');
    }
    for (const isolation of ['repeatable read', 'serializable'] as const) {
      await expect(
        inTransaction(session, async () => tickAt(session, queue, await snapshotOf(session)), { isolation }),
      ).rejects.toThrow('must run in a READ COMMITTED transaction');
    }
    await expect(tickAt(session, 'no such queue', '1:1:')).rejects.toThrow('no such queue');
    await session.query(`select pgq.set_queue_config($1, 'ticker_paused', 'true')`, [queue]);
    await expect(tickAt(session, queue, '1:1:')).rejects.toThrow('its ticker is paused');
    await session.query(`select pgq.set_queue_config($1, 'ticker_paused', 'false')`, [queue]);
    await expect(session.query('select londiste.tick_at($1, $2)', [queue, 'no snapshot'])).rejects.toThrow(
      '22P02',
    );
  });

  it('is the right of those to whom it was granted, and needs no other', async () => {
    const role = `tick_at_${settings.database}`;
    await asSuperuser(settings.port, (root) => root.execute(`create role ${role} login`));
    try {
      await using other = await open({ ...settings, user: role });
      const call = async (): Promise<number | undefined> => tickAt(other, queue, await snapshotOf(other));
      await expect(call()).rejects.toMatchObject({ kind: 'rights' });
      await session.execute(`grant usage on schema londiste to ${role}`);
      await expect(call()).rejects.toMatchObject({ kind: 'rights' });
      await session.execute(`grant execute on function londiste.tick_at(text, pg_snapshot) to ${role}`);
      expect(await call()).toBeTypeOf('number');
      await expect(other.query('select from londiste.layout')).rejects.toThrow('permission denied');
    } finally {
      await asSuperuser(settings.port, (root) => root.execute(`drop owned by ${role}`), settings.database);
      await asSuperuser(settings.port, (root) => root.execute(`drop role ${role}`));
    }
  });
});
