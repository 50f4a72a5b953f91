/** A tick follows events as soon as they can be seen, and is not taken for those that cannot be seen yet. */
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { ConnectSettings, Session } from '../../../src/db/session.js';
import { ticker, tickerOf } from '../../../src/pgq/ticker.js';
import { open } from '../../support/databases.js';
import { drain, pgqDatabase, value, write } from './pgq-database.js';

const rounds = 40;
const writers = 4;

describe.each(['oldest', 'newest'] as const)('news on %s', (which) => {
  let settings: ConnectSettings;
  let session: Session;
  let other: Session;

  beforeAll(async () => {
    settings = await pgqDatabase(which);
    session = await open(settings);
    other = await open(settings);
    await session.query(`select pgq.create_queue('q'), pgq.set_queue_config('q', 'ticker_max_lag', '0')`);
    await session.query(`select pgq.register_consumer('q', 'c')`);
    // A last gap this long keeps idle ticks away from what is tested here.
    await session.query(`update pgq.tick set tick_time = tick_time - interval '1 hour'`);
    await session.query(`update pgq.queue set queue_ticker_idle_period = '1 day'`);
    await ticker(session);
  });

  afterAll(async () => {
    await session.end();
    await other.end();
  });

  /** Ticks if that is due, and returns what a consumer then reads. */
  async function delivered(): Promise<(string | null)[]> {
    await tickerOf(session, 'q');
    return (await drain(session)).map(({ data }) => data);
  }

  async function lastTickId(): Promise<number> {
    return value<number>(session, 'select max(tick_id) from pgq.tick');
  }

  /** How often this session has scanned event tables, of what the server has not yet collected. */
  async function scansOfEvents(): Promise<{ bySeq: number; byIndex: number }> {
    return session.one(
      `select sum(seq_scan)::integer as "bySeq", sum(idx_scan)::integer as "byIndex"
       from pg_stat_xact_user_tables where relname ~ '^event_\\d+_\\d+$'`,
    );
  }

  it('waits for the commit of an event whose id is drawn', async () => {
    const before = await lastTickId();
    await other.query('begin');
    await write(other, 'slow');
    expect(await ticker(session)).toBe(0);
    expect(await tickerOf(session, 'q')).toBeUndefined();
    await other.query('commit');
    expect(await delivered()).toEqual(['slow']);
    expect(await lastTickId()).toBe(before + 1);
  });

  it('comes to an event whose id an earlier tick has counted, when it commits', async () => {
    await other.query('begin');
    await write(other, 'late');
    await write(session, 'early');
    expect(await delivered()).toEqual(['early']);
    expect(await tickerOf(session, 'q')).toBeUndefined();
    await other.query('commit');
    expect(await delivered()).toEqual(['late']);
    expect(await tickerOf(session, 'q')).toBeUndefined();
  });

  it('comes to an event that was prepared and then committed', async () => {
    await other.query('begin');
    await write(other, 'prepared');
    await other.query(`prepare transaction 'news'`);
    await write(session, 'early');
    expect(await delivered()).toEqual(['early']);
    expect(await tickerOf(session, 'q')).toBeUndefined();
    await other.query(`commit prepared 'news'`);
    expect(await delivered()).toEqual(['prepared']);
  });

  it('comes to an event that was written in a savepoint', async () => {
    await other.query('begin; savepoint one');
    await write(other, 'in a savepoint');
    await other.query('release savepoint one');
    await write(session, 'early');
    expect(await delivered()).toEqual(['early']);
    await other.query('commit');
    expect(await delivered()).toEqual(['in a savepoint']);
  });

  it('is no tick for what is rolled back, nor for transactions without events', async () => {
    await other.query('begin');
    await write(other, 'rolled back');
    await other.query('rollback');
    expect(await tickerOf(session, 'q')).toBeUndefined();

    await other.query('begin; create temporary table anything (n integer)');
    await write(session, 'event');
    expect(await delivered()).toEqual(['event']);
    await other.query('commit');
    expect(await tickerOf(session, 'q')).toBeUndefined();
  });

  it('is taken for granted after many transactions, and after an id that nobody can find', async () => {
    await write(session, 'event');
    await delivered();
    await other.query('begin');
    await write(other, 'unseen');
    for (let n = 0; n < 70; n += 1) await session.query('select txid_current()');
    expect(await tickerOf(session, 'q')).toBeTypeOf('number');
    await other.query('rollback');
    await session.query(
      `update pgq.tick set tick_snapshot = '900000000:900000000:', tick_time = tick_time - interval '1 second'
       where tick_id = (select max(tick_id) from pgq.tick)`,
    );
    await write(session, 'event');
    await expect(tickerOf(session, 'q')).rejects.toThrow('Invalid PgQ state');
    await session.query('delete from pgq.tick where tick_id = (select max(tick_id) from pgq.tick)');
    expect(await delivered()).toEqual(['event']);
  });

  it('is looked for by index, however large the event tables are', async () => {
    await session.query(`select pgq.insert_event('q', 'bulk', n::text) from generate_series(1, 20000) n`);
    await delivered();
    await other.query('begin');
    await write(other, 'rolled back');
    await other.query('rollback');
    await session.query('begin');
    // What transactions before this one counted and the server has not yet collected is counted with it.
    const before = await scansOfEvents();
    const news = await value<boolean>(
      session,
      `select pgq.has_news(t.tick_queue, t.tick_snapshot, true)
       from pgq.tick t order by t.tick_id desc limit 1`,
    );
    const after = await scansOfEvents();
    await session.query('commit');
    expect(news).toBe(false);
    expect(after.bySeq - before.bySeq).toBe(0);
    expect(after.byIndex - before.byIndex).toBeGreaterThanOrEqual(3);
  });

  it('needs no second tick, no idle one and no other event, however events and ticks come together', async () => {
    await using third = await open(settings);
    let ticks = 0;
    for (let round = 0; round < rounds; round += 1) {
      const writing = Promise.all(
        [...Array(writers).keys()].map((n) => writeSlowly(settings, `${round}-${n}`)),
      );
      let done = false;
      const ticking = (async () => {
        while (!done) ticks += await ticker(third);
      })();
      const written = (await writing).flat();
      done = true;
      await ticking;
      await ticker(session);
      const seen = await drain(session);
      expect(seen.map(({ data }) => data).sort()).toEqual(written.sort());
    }
    console.log(`${which}: ${rounds * writers * 2} transactions, ${ticks} ticks while they were written`);
    expect(ticks).toBeGreaterThan(0);
  });
});

/** Two transactions that stay open for moments after their events' ids were drawn. */
async function writeSlowly(settings: ConnectSettings, name: string): Promise<string[]> {
  await using session = await open(settings);
  const committed: string[] = [];
  for (const event of [`${name}-a`, `${name}-b`]) {
    await session.query('begin');
    await write(session, event);
    await session.query(`select pg_sleep(random() * 0.01)`);
    await session.query('commit');
    committed.push(event);
  }
  return committed;
}
