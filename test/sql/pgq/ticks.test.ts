import { beforeAll, describe, expect, it } from 'vitest';
import { Session, type ConnectSettings } from '../../../src/db/session.js';
import { inTransaction } from '../../../src/db/transaction.js';
import { getTick, lastTick } from '../../../src/pgq/tick.js';
import { forceTick, ticker, tickerOf } from '../../../src/pgq/ticker.js';
import { open } from '../../support/databases.js';
import { eventually } from '../../support/eventually.js';
import { deliver, drain, eagerQueue, pgqDatabase, value, write } from './pgq-database.js';

const eager = `update pgq.queue
  set queue_ticker_max_lag = '0', queue_ticker_idle_period = '0', queue_ticker_max_count = default where queue_name = 'q'`;

describe.each(['oldest', 'newest'] as const)('ticks on %s', (which) => {
  let settings: ConnectSettings;

  beforeAll(async () => {
    settings = await pgqDatabase(which);
    await using session = await open(settings);
    await eagerQueue(session);
  });

  it.each(['repeatable read', 'serializable'] as const)('C1: refuses %s', async (isolation) => {
    await using session = await open(settings);
    for (const call of [`pgq.ticker()`, `pgq.ticker('q')`, `pgq.ticker('q', 1, now(), 1)`]) {
      await expect(
        inTransaction(session, () => session.query(`select ${call}`), { isolation }),
      ).rejects.toThrow(`must run in a READ COMMITTED transaction, not ${isolation.toUpperCase()}`);
    }
  });

  it('C2: refuses a tick whose snapshot does not contain the last one', async () => {
    await using session = await open(settings);
    await session.query(`select pgq.create_queue('tampered')`);
    await session.query(
      `update pgq.tick t set tick_snapshot = '900000000:900000000:', tick_time = '2001-01-01'
       from pgq.queue q where q.queue_id = t.tick_queue and q.queue_name = 'tampered'`,
    );
    await expect(tickerOf(session, 'tampered')).rejects.toThrow(
      /Invalid PgQ state: old xmin=900000000, old xmax=900000000, cur txid=\d+/,
    );
    await session.query(`select pgq.drop_queue('tampered')`);
  });

  it('C2: knows when one snapshot contains another', async () => {
    await using session = await open(settings);
    const contains = (a: string, b: string): Promise<boolean> =>
      value(session, 'select pgq.snapshot_contains($1, $2)', [a, b]);
    expect(await contains('10:20:12,15', '10:20:12,15')).toBe(true);
    expect(await contains('10:25:12,22', '10:20:12,15')).toBe(true);
    expect(await contains('10:30:10', '10:20:10,12')).toBe(true);
    expect(await contains('10:19:12', '10:20:12')).toBe(false);
    // 15 runs in the one and is done in the other.
    expect(await contains('10:25:12,15', '10:20:12')).toBe(false);
    expect(await contains('15:25:15', '20:20:')).toBe(false);
  });

  it.each([
    ['off', 'on'],
    ['local', 'on'],
    ['remote_write', 'on'],
    ['on', 'on'],
    ['remote_apply', 'remote_apply'],
  ])('C3, C4: a tick under synchronous_commit = %s commits with %s', async (before, within) => {
    await using session = await open(settings);
    for (const tick of [`pgq.ticker()`, `pgq.ticker('q')`]) {
      await session.query(`set synchronous_commit = ${before}`);
      await session.query('begin');
      await session.query(`select ${tick}`);
      expect(await value(session, 'show synchronous_commit')).toBe(within);
      await session.query('commit');
      expect(await value(session, 'show synchronous_commit')).toBe(before);
    }
  });

  it('C3: so does the first tick of a queue', async () => {
    await using session = await open(settings);
    await session.query(`set synchronous_commit = off`);
    await session.query('begin');
    await session.query(`select pgq.create_queue('flushed')`);
    expect(await value(session, 'show synchronous_commit')).toBe('on');
    await session.query('rollback');
  });

  it('C5: ev_txid is the top-level transaction, inside savepoints too', async () => {
    await using session = await open(settings);
    await session.query('begin');
    await session.query('savepoint one');
    const id = await write(session, 'in a savepoint');
    await session.query('release savepoint one');
    const row = await session.one(
      `select ev_txid = txid_current() as "isTopLevel", xmin::text::bigint = txid_current() as "isXmin"
       from pgq.event_template where ev_id = $1`,
      [id],
    );
    await session.query('commit');
    expect(row).toEqual({ isTopLevel: true, isXmin: false });
    expect(await deliver(session)).toEqual(['in a savepoint']);
  });

  it('C6: event ids come without a cache, and the first event of a queue is seen at once', async () => {
    await using session = await open(settings);
    await session.query(
      `select pgq.create_queue('fresh'), pgq.set_queue_config('fresh', 'ticker_max_lag', '0')`,
    );
    await session.query(`select pgq.register_consumer('fresh', 'c')`);
    expect(
      await session.query(
        `select s.cache_size, s.last_value from pg_sequences s join pgq.queue q
         on q.queue_event_seq = s.schemaname || '.' || s.sequencename where q.queue_name = 'fresh'`,
      ),
    ).toEqual([{ cache_size: 1, last_value: 0 }]);
    expect(await write(session, 'first', 'fresh')).toBe(1);
    expect(await ticker(session)).toBeGreaterThan(0);
    expect((await drain(session, 'fresh')).map(({ data }) => data)).toEqual(['first']);
  });

  it('C6: force_tick leads to a tick and hands out no id twice', async () => {
    await using session = await open(settings);
    await using other = await open(settings);
    await session.query(
      `update pgq.queue set queue_ticker_max_lag = '1 hour', queue_ticker_idle_period = '1 hour'`,
    );
    await tickerOf(session, 'q');
    const before = await lastTick(session, 'q');
    expect(await tickerOf(session, 'q')).toBeUndefined();

    // An integer times two is none; and what takes a step for each of them does not come back.
    await session.query('update pgq.queue set queue_ticker_max_count = 2147483647');
    const ids: number[] = [];
    await Promise.all([
      (async () => {
        for (let n = 0; n < 200; n += 1) ids.push(await write(other, 'forced'));
      })(),
      (async () => {
        for (let n = 0; n < 30; n += 1) expect(await forceTick(session, 'q')).toBe(before?.tickId);
      })(),
    ]);
    expect(
      ids.every((id, n) => n === 0 || id > (ids[n - 1] ?? id)),
      'each id is larger than those seen before',
    ).toBe(true);
    expect(await ticker(session), 'of all queues').toBe(1);
    expect((await lastTick(session, 'q'))?.tickId).toBeGreaterThan(before?.tickId ?? 0);
    expect(await tickerOf(session, 'q'), 'once').toBeUndefined();
    expect(await forceTick(session, 'unknown')).toBeUndefined();
    await session.query(eager);
    expect(await deliver(session)).toHaveLength(200);
  });

  it('force_tick counts before its transaction ends, also while a tick is being taken', async () => {
    await using session = await open(settings);
    await using other = await open(settings);
    await session.query(
      `update pgq.queue set queue_ticker_max_lag = '1 hour', queue_ticker_idle_period = '1 hour', queue_ticker_max_count = 1000000`,
    );
    await tickerOf(session, 'q');
    await other.query('begin');
    const before = await forceTick(other, 'q');
    const forced = await tickerOf(session, 'q');
    expect(forced).toBeGreaterThan(before ?? Infinity);
    await other.query('commit');

    // Wanted after the snapshot of a tick that is not committed yet: that one is not enough.
    await forceTick(session, 'q');
    await session.query('begin');
    const early = await tickerOf(session, 'q');
    expect(await forceTick(other, 'q'), 'nobody sees the tick yet').toBe(forced);
    await session.query('commit');
    expect(await tickerOf(session, 'q')).toBeGreaterThan(early ?? Infinity);
    expect(await tickerOf(session, 'q')).toBeUndefined();
    // What a tick that was rolled back has drawn makes the next event be ticked early, once.
    await forceTick(session, 'q');
    await session.query('begin');
    await tickerOf(session, 'q');
    await session.query('rollback');
    expect(await tickerOf(session, 'q')).toBeDefined();
    await write(session, 'waits');
    expect(await tickerOf(session, 'q')).toBeUndefined();
    await session.query(eager);
    expect(await deliver(session)).toEqual(['waits']);
  });

  it('C9: retried events are in their owner’s batches only', async () => {
    await using session = await open(settings);
    await session.query(`select pgq.register_consumer('q', 'other')`);
    await write(session, 'again');
    await tickerOf(session, 'q');
    const batch = await value<number>(session, `select pgq.next_batch('q', 'c')`);
    expect(await value(session, `select pgq.batch_retry($1, -1)`, [batch])).toBe(1);
    await session.query('select pgq.finish_batch($1)', [batch]);
    expect(await deliver(session, 'q', 'other')).toEqual(['again']);
    const from = await lastTick(session, 'q');
    expect(await value(session, 'select pgq.maint_retry_events()')).toBe(1);
    await tickerOf(session, 'q');
    const to = await lastTick(session, 'q');
    const range = await value<string>(
      session,
      `select pgq.event_range_sql((select queue_id from pgq.queue where queue_name = 'q'), $1, $2, null)`,
      [from?.snapshot, to?.snapshot],
    );
    expect(await session.query(range)).toEqual([]);
    expect(await deliver(session, 'q', 'other')).toEqual([]);
    expect(await deliver(session, 'q', 'c')).toEqual(['again']);
    await session.query(`select pgq.unregister_consumer('q', 'other')`);
  });

  it('C10: a tick writes no event, and notifies', async () => {
    await using session = await open(settings);
    const heard: string[] = [];
    const channel = await value<string>(session, `select pgq.tick_channel('q')`);
    await session.listen(channel, (payload) => heard.push(payload));
    const events = `select count(*) from pgq.event_template`;
    const before = await value(session, events);
    const tickId = await tickerOf(session, 'q');
    expect(await value(session, events)).toBe(before);
    await eventually(() => heard, [String(tickId)]);
    await expect(session.query(`select pgq.tick_channel('unknown')`)).rejects.toThrow('No such event queue');
  });

  it('a queue that fails does not keep the others from their ticks', async () => {
    const warnings: string[] = [];
    await using session = await Session.open(settings, {
      side: 'database',
      applicationName: 'test',
      onNotice: (message) => warnings.push(message),
    });
    await session.query(
      `select pgq.create_queue('broken'), pgq.set_queue_config('broken', 'ticker_max_lag', '0')`,
    );
    await session.query(`update pgq.queue set queue_tick_seq = 'pgq.gone' where queue_name = 'broken'`);
    const before = await lastTick(session, 'q');
    expect(await ticker(session)).toBeGreaterThan(0);
    expect((await lastTick(session, 'q'))?.tickId).toBeGreaterThan(before?.tickId ?? 0);
    expect(warnings).toEqual(['queue broken got no tick: relation "pgq.gone" does not exist']);
    await session.query(`update pgq.queue set queue_event_seq = 'pgq.gone' where queue_name = 'broken'`);
    expect(await ticker(session)).toBeGreaterThan(0);
    await session.query(`update pgq.queue set queue_tick_seq = 'pgq.event_' || queue_id || '_tick_seq',
      queue_event_seq = 'pgq.event_' || queue_id || '_id_seq' where queue_name = 'broken'`);
    await session.query(`select pgq.drop_queue('broken')`);
  });

  it('reads back every field of a tick, with its epoch', async () => {
    await using session = await open(settings);
    await session.query(`set timezone = 'Asia/Kathmandu'`);
    const tickId = await tickerOf(session, 'q');
    const tick = await lastTick(session, 'q');
    expect(tick).toEqual(await getTick(session, 'q', tickId ?? 0));
    expect(tick).toMatchObject({
      tickId,
      epoch: 1,
      tickTime: expect.stringMatching(/^\d{4}-\d\d-\d\d \d\d:\d\d:\d\d(\.\d{1,6})?\+00$/) as string,
      snapshot: expect.stringMatching(/^\d+:\d+:[\d,]*$/) as string,
    });
    expect(await getTick(session, 'q', 999_999)).toBeUndefined();
    expect(await lastTick(session, 'unknown')).toBeUndefined();
  });

  it('opens an epoch at the first tick on another server or timeline', async () => {
    await using session = await open(settings);
    const row = await session.one<Record<string, unknown>>(
      `select epoch, first_tick_id, system_identifier = (select system_identifier from pg_control_system()) as here,
         timeline from pgq.epoch where queue_id = (select queue_id from pgq.queue where queue_name = 'q')`,
    );
    expect(row).toEqual({ epoch: 1, first_tick_id: 1, here: true, timeline: 1 });
    const before = await lastTick(session, 'q');
    for (const foreign of ['system_identifier = 42', 'timeline = 7']) {
      await session.query(`update pgq.epoch set ${foreign} where epoch = (select max(epoch) from pgq.epoch)`);
      await tickerOf(session, 'q');
      await tickerOf(session, 'q');
    }
    expect((await lastTick(session, 'q'))?.epoch).toBe(3);
    expect((await getTick(session, 'q', before?.tickId ?? 0))?.epoch).toBe(1);
    expect(await value(session, `select pgq.get_epoch('unknown', 1)`)).toBeNull();
  });
});
