import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { ConnectSettings } from '../../src/db/session.js';
import { Session } from '../../src/db/session.js';
import { installSchema } from '../../src/install/install.js';
import type { Log } from '../../src/kernel/log.js';
import type { Service } from '../../src/kernel/service.js';
import { arm, disarmAll } from '../../src/kernel/tap.js';
import { lastTick } from '../../src/pgq/tick.js';
import { tickerAlive } from '../../src/pgq/ticker.js';
import type { Connect } from '../../src/ticker/connect.js';
import { Maintainer } from '../../src/ticker/maintainer.js';
import { Ticker } from '../../src/ticker/ticker.js';
import { createDatabase, open } from '../support/databases.js';
import { eventually } from '../support/eventually.js';
import { drain, eagerQueue, value, write } from '../sql/pgq/pgq-database.js';
import { memoryLog } from './memory-log.js';

/** How long a stop may take. */
const promptMs = 1000;

describe.each(['oldest', 'newest'] as const)('the ticker daemon on %s', (which) => {
  let settings: ConnectSettings;
  let session: Session;
  let log: Log;
  let lines: string[];
  let connections: Session[];
  let stop: AbortController;
  let running: Promise<void>;

  const connect: Connect = async (onNotice) => {
    const opened = await Session.open(settings, { side: 'database', applicationName: 'ticker', onNotice });
    connections.push(opened);
    return opened;
  };

  beforeEach(async () => {
    settings = await createDatabase(which);
    session = await open(settings);
    ({ log, lines } = memoryLog());
    connections = [];
    stop = new AbortController();
    running = Promise.resolve();
  });

  afterEach(async () => {
    disarmAll();
    await stopped();
    await session.end();
  });

  function start(service: Service): void {
    running = service.run(stop.signal);
  }

  async function stopped(): Promise<void> {
    const begun = Date.now();
    stop.abort();
    stop.abort();
    await running;
    expect(Date.now() - begun).toBeLessThan(promptMs);
  }

  const newTicker = (): Ticker => new Ticker({ connect, log, loopDelayMs: 20 });

  it('waits for a schema and a queue, says so once, and ticks them when they are there', async () => {
    start(newTicker());
    await eventually(() => lines, ['info schema pgq is not installed yet; waiting for: pgqadm ... install']);
    await installSchema(session, 'pgq');
    await eventually(() => tickerAlive(session), true);
    await eagerQueue(session);
    await write(session, 'one');
    await eventually(async () => (await drain(session)).map(({ data }) => data), ['one']);
    expect(lines.filter((line) => line.includes('waiting'))).toHaveLength(1);
    await stopped();
    await eventually(() => tickerAlive(session), false);
  });

  it('says that there is no queue', async () => {
    await installSchema(session, 'pgq');
    start(newTicker());
    await eventually(() => lines, ['info there is no queue yet; waiting for: pgqadm ... create QUEUE']);
  });

  it('connects again when its connection is lost, at any moment', async () => {
    await installSchema(session, 'pgq');
    await eagerQueue(session);
    let ticks = 0;
    arm('ticker.ticked', () => {
      ticks += 1;
    });
    start(newTicker());
    const seen: (string | null)[] = [];
    const kills = 3;
    for (let n = 1; n <= kills; n += 1) {
      await write(session, `${n}`);
      await eventually(async () => {
        seen.push(...(await drain(session)).map(({ data }) => data));
        return seen.length;
      }, n);
      const killed = await value<number>(
        session,
        `select count(pg_terminate_backend(pid)) from pg_stat_activity
         where application_name = 'ticker' and datname = current_database()`,
      );
      expect(killed).toBe(1);
      await eventually(() => connections.length, n + 1);
    }
    console.log(`${which}: ${kills} connections lost, ${ticks} ticks`);
    expect(seen).toEqual(['1', '2', '3']);
    expect(lines.filter((line) => line.startsWith('error ticker: '))).toHaveLength(kills);
  });

  it('logs a queue that cannot be ticked once, and ticks the others', async () => {
    await installSchema(session, 'pgq');
    await eagerQueue(session);
    await session.query(`select pgq.create_queue('broken')`);
    await session.query(`update pgq.queue set queue_tick_seq = 'pgq.gone' where queue_name = 'broken'`);
    start(newTicker());
    await eventually(async () => ((await lastTick(session, 'q'))?.tickId ?? 0) > 5, true);
    expect(lines.filter((line) => line.includes('broken'))).toEqual([
      'warn queue broken got no tick: relation "pgq.gone" does not exist',
    ]);
  });

  it('stops at once when it is busy, idle, or cannot connect', async () => {
    await installSchema(session, 'pgq');
    await eagerQueue(session);
    start(newTicker());
    await eventually(async () => ((await lastTick(session, 'q'))?.tickId ?? 0) > 2, true);
    await stopped();

    stop = new AbortController();
    await session.query(`select pgq.set_queue_config('q', 'ticker_paused', 'true')`);
    start(new Ticker({ connect, log, loopDelayMs: 60_000 }));
    await eventually(() => tickerAlive(session), true);
    await stopped();

    stop = new AbortController();
    const nowhere: Connect = () =>
      Session.open({ ...settings, port: 1 }, { side: 'database', applicationName: 'ticker' });
    start(new Ticker({ connect: nowhere, log }));
    await eventually(() => lines.some((line) => line.includes('ECONNREFUSED')), true);
  });

  it('tells which queue it cannot lock, ticks the others, and stops while it waits', async () => {
    await installSchema(session, 'pgq');
    await eagerQueue(session, 'held');
    await eagerQueue(session);
    await using holder = await open(settings);
    await holder.query(`begin; select pgq.ticker('held')`);
    start(newTicker());
    await eventually(() => lines, ['warn queue held got no tick: canceling statement due to lock timeout']);
    await eventually(async () => ((await lastTick(session, 'q'))?.tickId ?? 0) > 1, true);
    await eventually(
      () =>
        value(
          session,
          `select count(*) from pg_locks where locktype = 'advisory' and not granted
             and database = (select oid from pg_database where datname = current_database())`,
        ),
      1,
    );
    await stopped();
    expect(lines).toHaveLength(1);
  });

  it('refuses a schema that a newer version left behind', async () => {
    await installSchema(session, 'pgq');
    await session.query('update pgq.installation set schema_version = 9, oldest_code = 9');
    const service = newTicker();
    await expect(service.run(stop.signal)).rejects.toMatchObject({ kind: 'outdated' });
  });

  it('runs beside the maintainer, which rotates and stops as promptly', async () => {
    await installSchema(session, 'pgq');
    await eagerQueue(session);
    await session.query(`update pgq.queue set queue_rotation_period = '-1 second'`);
    await using other = await open(settings);
    const maintenance = new Maintainer({ connect, log, maintDelayMs: 20 }).run(stop.signal);
    start(newTicker());
    await eventually(async () => {
      await drain(other);
      return value(session, 'select queue_cur_table from pgq.queue');
    }, 2);
    await stopped();
    await maintenance;
    expect(lines.some((line) => line.startsWith('info maintenance'))).toBe(true);
  });
});
