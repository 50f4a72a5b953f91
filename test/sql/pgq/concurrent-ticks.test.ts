/** C1 under load: what two tickers at once, many writers and a transaction that stays open do to the batches. */
import { describe, expect, it } from 'vitest';
import type { ConnectSettings, Session } from '../../../src/db/session.js';
import { tickWhenDue } from '../../../src/pgq/ticker.js';
import { tickOnce } from '../../../src/ticker/ticker.js';
import { open } from '../../support/databases.js';
import { drain, eagerQueue, pgqDatabase, value, write, type SeenEvent } from './pgq-database.js';

const loadMs = 3000;

describe.each(['oldest', 'newest'] as const)('C1: two tickers at once on %s', (which) => {
  it('take snapshots in order, and every event is in exactly one batch', async () => {
    const settings = await pgqDatabase(which);
    await using session = await open(settings);
    await eagerQueue(session);
    const until = Date.now() + loadMs;

    const [written, waits, ticks, seen] = await Promise.all([
      Promise.all([
        ...[1, 2, 3].map((writer) => writeUntil(settings, until, writer)),
        writeInOneTransaction(settings, until),
      ]),
      countWaits(settings, until),
      Promise.all([tickUntil(settings, until, tickOnce), tickUntil(settings, until, tickPatiently)]),
      drainUntil(settings, until + 500),
    ]);
    await tickOnce(session);
    seen.push(...(await drain(session)));

    const backwards = await value<number>(
      session,
      `select count(*) from (
         select tick_snapshot, lag(tick_snapshot) over (order by tick_id) as before,
           tick_time < lag(tick_time) over (order by tick_id) as is_earlier
         from pgq.tick) t
       where is_earlier or not pgq.snapshot_contains(tick_snapshot, before)`,
    );
    console.log(
      `${which}: ${written.flat().length} events, ${ticks.join(' + ')} ticks, a ticker waited for the other ${waits} times`,
    );
    expect(backwards).toBe(0);
    expect(seen.map(({ data }) => data).sort()).toEqual(written.flat().sort());
    expect(waits).toBeGreaterThan(0);
    expect(Math.min(...ticks)).toBeGreaterThan(0);
  });
});

/** Transactions of a few events, some in savepoints, a third of them rolled back; returns what was committed. */
async function writeUntil(settings: ConnectSettings, until: number, writer: number): Promise<string[]> {
  await using session = await open(settings);
  const committed: string[] = [];
  for (let n = 0; Date.now() < until; n += 1) {
    const name = `${writer}-${n}`;
    await session.query('begin');
    await write(session, name);
    await session.query('savepoint one');
    await write(session, `${name}-again`);
    await session.query(n % 2 === 0 ? 'release savepoint one' : 'rollback to savepoint one');
    await session.query(n % 3 === 0 ? 'rollback' : 'commit');
    if (n % 3 !== 0) committed.push(name, ...(n % 2 === 0 ? [`${name}-again`] : []));
  }
  return committed;
}

/** One transaction that runs nearly as long as the test: hundreds of ticks and thousands of transactions pass by. */
async function writeInOneTransaction(settings: ConnectSettings, until: number): Promise<string[]> {
  await using session = await open(settings);
  const committed: string[] = [];
  await session.query('begin');
  for (let n = 0; Date.now() < until - 500; n += 1) {
    await write(session, `long-${n}`);
    committed.push(`long-${n}`);
    await session.query('select pg_sleep(0.05)');
  }
  await session.query('commit');
  return committed;
}

async function tickUntil(
  settings: ConnectSettings,
  until: number,
  pass: (session: Session) => Promise<number>,
): Promise<number> {
  await using session = await open(settings);
  let ticks = 0;
  while (Date.now() < until) ticks += await pass(session);
  return ticks;
}

/** As the daemon does it. */
async function tickPatiently(session: Session): Promise<number> {
  const { ticks } = await tickWhenDue(session, { pauseMs: 0, quietMs: 0, mostMs: 5, patienceMs: 50 });
  return ticks;
}

async function countWaits(settings: ConnectSettings, until: number): Promise<number> {
  await using session = await open(settings);
  let waits = 0;
  while (Date.now() < until) {
    waits += await value<number>(
      session,
      `select count(*) from pg_locks where locktype = 'advisory' and not granted
         and database = (select oid from pg_database where datname = current_database())`,
    );
  }
  return waits;
}

async function drainUntil(settings: ConnectSettings, until: number): Promise<SeenEvent[]> {
  await using session = await open(settings);
  const seen: SeenEvent[] = [];
  while (Date.now() < until) seen.push(...(await drain(session)));
  return seen;
}
