/** Looking at a queue as `pgqadm events` does: everything, in order, from anywhere, and nobody notices. */
import { beforeAll, describe, expect, test } from 'vitest';
import type { ConnectSettings, Session } from '../../src/db/session.js';
import { tailEvents, type Tail } from '../../src/setup/events.js';
import { open } from '../support/databases.js';
import { eventually } from '../support/eventually.js';
import { deliver, eagerQueue, pass, pgqDatabase, rotate, value, write } from '../sql/pgq/pgq-database.js';

describe.each(['oldest', 'newest'] as const)('the events of a queue on %s', (which) => {
  let settings: ConnectSettings;
  let session: Session;

  beforeAll(async () => {
    settings = await pgqDatabase(which);
    session = await open(settings);
    await eagerQueue(session);
    return () => session.end();
  });

  async function shown(more: Partial<Tail> = {}): Promise<(string | null)[]> {
    await using other = await open(settings);
    const seen: (string | null)[] = [];
    const tail = { queue: 'q', types: [], follow: false, ...more };
    for await (const event of tailEvents(other, tail, new AbortController().signal))
      seen.push(event.retries === 0 ? event.data : `${event.data ?? ''} again`);
    return seen;
  }

  async function tick(): Promise<number> {
    return value<number>(session, `select pgq.ticker('q')`);
  }

  const subscriptions = (): Promise<unknown[]> => session.query('select * from pgq.subscription');

  test('from every place, of some types, and no consumer is moved', async () => {
    await write(session, '1');
    const first = await tick();
    await session.query(
      `select pgq.insert_event('q', 'order.new', '2'), pgq.insert_event('q', 'order_x', '3')`,
    );
    await tick();
    await write(session, 'not ticked yet');
    const before = await subscriptions();
    expect(await shown()).toEqual(['1', '2', '3']);
    expect(await shown({ from: 'oldest' })).toEqual(['1', '2', '3']);
    expect(await shown({ from: String(first) })).toEqual(['2', '3']);
    expect(await shown({ from: 'last' })).toEqual([]);
    expect(await shown({ from: '2000-01-01 10:00' })).toEqual(['1', '2', '3']);
    expect(await shown({ from: 'infinity' })).toEqual([]);
    expect(await shown({ types: ['order*'] })).toEqual(['2', '3']);
    expect(await shown({ types: ['order_*'] })).toEqual(['3']);
    expect(await shown({ types: ['test', '*.new'] })).toEqual(['1', '2']);
    expect(await shown({ types: ["it's%"] })).toEqual([]);
    expect(await shown({ consumer: 'c' })).toEqual(['1', '2', '3']);
    expect(await subscriptions()).toEqual(before);
    await expect(shown({ from: 'never' })).rejects.toMatchObject({ kind: 'usage' });
    await expect(shown({ from: '999' })).rejects.toThrow('queue q has no tick 999');
    await expect(shown({ from: 'last', consumer: 'c' })).rejects.toMatchObject({ kind: 'usage' });
    await expect(shown({ consumer: 'nobody' })).rejects.toThrow('is not registered');
    await expect(shown({ queue: 'nowhere' })).rejects.toThrow('no such queue: nowhere');
  });

  test('a consumer has its own retries before it, others have not', async () => {
    await session.query(`select pgq.register_consumer('q', 'other')`);
    await write(session, 'retried');
    await tick();
    for (;;) {
      const batch = await value<number | null>(session, `select pgq.next_batch('q', 'c')`);
      if (batch === null) break;
      await session.query('select pgq.batch_retry($1, 0), pgq.finish_batch($1)', [batch]);
    }
    await session.query('select pgq.maint_retry_events()');
    await tick();
    expect((await shown({ consumer: 'c' })).filter((data) => data?.endsWith(' again'))).toContain(
      'retried again',
    );
    expect(await shown({ consumer: 'other' })).toContain('retried');
    expect((await shown({ consumer: 'other' })).filter((data) => data?.endsWith(' again'))).toEqual([]);
    expect((await shown()).filter((data) => data?.endsWith(' again'))).toEqual([]);
  });

  test('what comes is followed, every event once, through rotations, and the stop is at once', async () => {
    await using other = await open(settings);
    const stop = new AbortController();
    const seen: number[] = [];
    const following = (async () => {
      const tail = { queue: 'q', types: ['followed'], follow: true };
      for await (const event of tailEvents(other, tail, stop.signal)) seen.push(Number(event.data));
    })();
    await eventually(
      () =>
        value(
          session,
          `select count(*) from pg_stat_activity where datname = current_database() and query ~ 'from pgq.tick'
        and state = 'idle' and pid <> pg_backend_pid()`,
        ),
      1,
    );
    let rotations = 0;
    for (let n = 1; n <= 30; n += 1) {
      await session.query(
        `select pgq.insert_event('q', 'followed', $1), pgq.insert_event('q', 'other', '')`,
        [`${n}`],
      );
      await deliver(session);
      await session.query(`select pgq.unregister_consumer('q', 'other')`);
      if (n % 10 !== 0) continue;
      await pass(session);
      // The follower has read what is there: a rotation takes nothing from it.
      await eventually(() => seen.length, n);
      const at = await value(session, 'select queue_cur_table from pgq.queue');
      if ((await rotate(session)) !== at) rotations += 1;
    }
    expect(seen).toEqual(Array.from({ length: 30 }, (_, n) => n + 1));
    expect(rotations).toBeGreaterThan(0);
    const begun = performance.now();
    stop.abort();
    await following;
    expect(performance.now() - begun).toBeLessThan(2_000);
  });

  test('rotation waits while a range is read; a place that has been rotated away is told', async () => {
    await write(session, 'read slowly');
    await write(session, 'and stopped');
    const from = String(await tick());
    await write(session, 'later');
    await tick();
    await using other = await open(settings);
    const tail = { queue: 'q', from: 'oldest', types: [], follow: false };
    const events = tailEvents(other, tail, new AbortController().signal);
    expect((await events.next()).done).toBe(false);
    await deliver(session);
    await pass(session);
    const at = await value(session, 'select queue_cur_table from pgq.queue');
    expect(await rotate(session)).toBe(at);
    await events.return();
    for (let n = 0; n < 4; n += 1) {
      await pass(session);
      await rotate(session);
    }
    await expect(shown({ from })).rejects.toThrow(`queue q has no tick ${from}`);
  });

  test('a batch of 100,000 events is looked at in bounded memory', { timeout: 60_000 }, async () => {
    const table = await value<string>(session, `select pgq.current_event_table('q')`);
    await session.query(
      `insert into ${table} (ev_time, ev_type, ev_data) select now(), 'many', repeat('x', 1000) from generate_series(1, 100000)`,
    );
    await tick();
    await using other = await open(settings);
    const tail = { queue: 'q', types: ['many'], follow: false };
    let count = 0;
    let most = 0;
    global.gc?.();
    const before = process.memoryUsage().rss;
    for await (const event of tailEvents(other, tail, new AbortController().signal)) {
      count += event.data?.length === 1000 ? 1 : 0;
      if (count % 5000 === 0) most = Math.max(most, process.memoryUsage().rss - before);
    }
    console.log(`${which}: ${count} events of 1000 bytes, ${Math.round(most / 1048576)} MB more`);
    expect(count).toBe(100_000);
    expect(most).toBeLessThan(50 * 1024 * 1024);
  });
});
