/** One ticker for several databases of a server: those of a list on the shared servers, all of a server of its own. */
import { afterEach, describe, expect, it } from 'vitest';
import { runServerTicker } from '../../src/daemon/server-ticker.js';
import type { ConnectSettings } from '../../src/db/session.js';
import { superuser } from '../../src/embedded/server.js';
import { installSchema } from '../../src/install/install.js';
import { Bell } from '../../src/kernel/clock.js';
import { asSuperuser, createDatabase, open } from '../support/databases.js';
import { eventually } from '../support/eventually.js';
import { ownServer } from '../support/own-server.js';
import { drain, eagerQueue, pgqDatabase, write } from '../sql/pgq/pgq-database.js';
import { databaseLog, type Line } from './memory-log.js';
import { ticks } from './ticks.js';

interface Running {
  readonly lines: Line[];
  readonly reloaded: Bell;
  readonly stopped: () => Promise<void>;
  readonly ended: Promise<void>;
}

interface Times {
  readonly checkPeriodMs?: number;
  readonly statsPeriodMs?: number;
  readonly connectionLifetimeMs?: number;
}

const running: Running[] = [];

afterEach(async () => {
  for (const one of running.splice(0)) await one.stopped().catch(() => undefined);
});

function start(
  { host, port, user }: Pick<ConnectSettings, 'host' | 'port' | 'user'>,
  databases: readonly string[],
  { checkPeriodMs = 200, statsPeriodMs = 0, connectionLifetimeMs = 0 }: Times = {},
): Running {
  const { log, lines } = databaseLog();
  const stop = new AbortController();
  const reloaded = new Bell();
  const connstr = `host=${host} port=${port} user=${user}`;
  const ended = runServerTicker(
    {
      jobName: 'all',
      loopDelayMs: 50,
      maintDelayMs: 60_000,
      retryPeriodMs: 100,
      statsPeriodMs,
      server: { connstr, initialDatabase: 'postgres', databases, checkPeriodMs, connectionLifetimeMs },
    },
    { log, stop: stop.signal, ready: () => undefined, reloaded },
  );
  ended.catch(() => undefined);
  const stopped = async (): Promise<void> => {
    stop.abort();
    await ended;
  };
  const started = { lines, reloaded, ended, stopped };
  running.push(started);
  return started;
}

async function withQueue(settings: ConnectSettings): Promise<ConnectSettings> {
  await using session = await open(settings);
  await installSchema(session, 'pgq');
  await eagerQueue(session);
  return settings;
}

function told(lines: readonly Line[], level: string, { database }: ConnectSettings): string[] {
  return lines.filter((line) => line.level === level && line.database === database).map(({ msg }) => msg);
}

async function sessionsOfTicker({ port, database }: ConnectSettings): Promise<number> {
  return asSuperuser(port, async (admin) => {
    const { n } = await admin.one<{ n: number }>(
      `select count(*) as n from pg_stat_activity where datname = $1 and application_name ~ '^pgqadm all '`,
      [database],
    );
    return n;
  });
}

describe.each(['oldest', 'newest'] as const)('a list of databases on %s', (which) => {
  it('is served whole, two connections each, and what fails in one holds up no other', async () => {
    const good = await withQueue(await createDatabase(which));
    const bare = await createDatabase(which);
    const foreign = await createDatabase(which);
    const broken = await withQueue(await createDatabase(which));
    const missing = { ...good, database: 'nowhere_to_be_found' };
    await using inForeign = await open(foreign);
    await inForeign.execute('create schema pgq; create table pgq.queue (queue_name text)');
    await using inBroken = await open(broken);
    await inBroken.execute(
      `create or replace function pgq.due_events() returns bigint language plpgsql as $$begin raise 'out of order'; end$$`,
    );

    const all = [good, bare, foreign, broken, missing].map(({ database }) => database);
    const { lines } = start(good, all, { statsPeriodMs: 300 });
    await ticks(good);
    await eventually(() => told(lines, 'error', broken).some((msg) => msg.includes('out of order')), true);
    expect(told(lines, 'info', good)).toContain('pgq version ok: 3.5.2');
    expect(told(lines, 'warn', foreign)).toEqual([
      'bad pgq version, ignoring: schema pgq was made by another program',
    ]);
    expect(told(lines, 'error', bare)).toEqual([]);
    expect(await sessionsOfTicker(good)).toBe(2);
    // It looked whether there is something to tick, and has left.
    await eventually(() => sessionsOfTicker(bare), 0);

    // What goes on failing is told once, and then again with each line of statistics.
    const failing = (settings: ConnectSettings): string[] =>
      told(lines, 'error', settings).filter((msg) => /still fails, since/.test(msg));
    await eventually(() => failing(missing).length >= 2 && failing(broken).length >= 2, true);
    expect(told(lines, 'error', missing).filter((msg) => !/still fails/.test(msg))).toHaveLength(1);
    await eventually(() => lines.some(({ level, msg }) => level === 'info' && msg === 'ticker'), true);

    await installSchema(inBroken, 'pgq');
    await inBroken.execute(`update pgq.installation set code_digest = 'another'`);
    await installSchema(inBroken, 'pgq');
    await ticks(broken);
    await eventually(() => told(lines, 'info', broken).includes('ticker works again'), true);
    await using inBare = await open(bare);
    await installSchema(inBare, 'pgq');
    await eagerQueue(inBare);
    await ticks(bare);
  });

  it('ends with every reason when none of it can be reached', async () => {
    const settings = await createDatabase(which);
    const { ended } = start(settings, ['nowhere_one', 'nowhere_two']);
    await expect(ended).rejects.toMatchObject({ kind: 'missing-database' });
    await expect(ended).rejects.toThrow(/nowhere_one.*\n.*nowhere_two/);
    await expect(start({ ...settings, port: 1 }, []).ended).rejects.toMatchObject({ kind: 'unreachable' });
  });

  it('leaves a database whose schema goes, and makes old connections anew', async () => {
    const settings = await withQueue(await createDatabase(which));
    await using session = await open(settings);
    const { lines, stopped } = start(settings, [settings.database], { connectionLifetimeMs: 300 });
    const pids = new Set<number>();
    await eventually(async () => {
      const found = await session.query<{ pid: number }>(
        `select pid from pg_stat_activity where datname = current_database() and application_name = 'pgqadm all ticker'`,
      );
      for (const { pid } of found) pids.add(pid);
      return pids.size >= 3;
    }, true);
    await ticks(settings);
    await session.execute('drop schema pgq cascade');
    await eventually(() => sessionsOfTicker(settings), 0);
    await withQueue(settings);
    await ticks(settings);
    const begun = performance.now();
    await stopped();
    expect(performance.now() - begun).toBeLessThan(5_000);
    expect(lines.filter(({ level }) => level === 'fatal')).toEqual([]);
  });

  it('may be served by two at once', async () => {
    const settings = await pgqDatabase(which);
    await using session = await open(settings);
    await eagerQueue(session);
    start(settings, [settings.database]);
    start(settings, [settings.database]);
    await eventually(() => sessionsOfTicker(settings), 4);
    for (let n = 0; n < 5; n += 1) await ticks(settings);
    const { backwards, count } = await session.one<{ backwards: number; count: number }>(
      `select count(*) filter (where not pgq.snapshot_contains(t.tick_snapshot, b.tick_snapshot)) as backwards, count(*) as count
         from pgq.tick t join pgq.tick b on b.tick_queue = t.tick_queue and b.tick_id < t.tick_id`,
    );
    expect(count).toBeGreaterThan(5);
    expect(backwards).toBe(0);
  });

  it('sends retried events again without waiting for maintenance', async () => {
    const settings = await withQueue(await createDatabase(which));
    await using session = await open(settings);
    start(settings, [settings.database]);
    await write(session, 'again');
    let batch: number | null = null;
    await eventually(async () => {
      ({ batch } = await session.one<{ batch: number | null }>(`select pgq.next_batch('q', 'c') as batch`));
      if (batch === null) return false;
      const { n } = await session.one<{ n: number }>('select pgq.batch_retry($1, 0) as n', [batch]);
      await session.query('select pgq.finish_batch($1)', [batch]);
      return n === 1;
    }, true);
    const seen: (string | null)[] = [];
    await eventually(async () => {
      seen.push(...(await drain(session)).map(({ data }) => data));
      return seen.includes('again');
    }, true);
  });
});

describe.each(['oldest', 'newest'] as const)('all databases of a server, %s', (which) => {
  const server = ownServer(which);

  it('are found as they come and go', { timeout: 60_000 }, async () => {
    const { port } = server();
    const who = { host: '127.0.0.1', port, user: superuser };
    const first = await withQueue(await createDatabase({ port }));
    const closed = await createDatabase({ port });
    const { lines, reloaded } = start(who, []);
    await ticks(first);

    const later = await withQueue(await createDatabase({ port }));
    await ticks(later);
    await asSuperuser(port, async (admin) => {
      await admin.execute(`alter database ${closed.database} allow_connections false`);
      // What is closed is left, so that it can be dropped without force.
      await admin.execute(`alter database ${later.database} allow_connections false`);
      await eventually(() => sessionsOfTicker(later), 0);
      await eventually(async () => {
        try {
          return await admin.execute(`drop database ${later.database}`);
        } catch (error) {
          return (error as Error).message;
        }
      }, 0);
      await admin.execute(`drop database ${closed.database} with (force)`);
    });
    await eventually(() => told(lines, 'info', later).includes('Unregister database'), true);
    expect(told(lines, 'error', later)).toEqual([]);

    // The name is free for a new database.
    await asSuperuser(port, (admin) => admin.execute(`create database ${later.database} owner app`));
    await withQueue(later);
    await ticks(later);
    await asSuperuser(port, (admin) => admin.execute(`drop database ${later.database} with (force)`));

    await server().stop('immediate');
    await eventually(() => lines.some(({ msg }) => msg.startsWith('looking for databases: ')), true);
    await server().start();
    await ticks(first);
    reloaded.ring();
    await eventually(() => lines.some(({ msg }) => msg === 'looking for databases works again'), true);
  });

  it('without the right to connect are told once', async () => {
    const { port } = server();
    const settings = await withQueue(await createDatabase({ port }));
    const secret = await createDatabase({ port });
    await asSuperuser(port, (admin) =>
      admin.execute(
        `revoke connect on database ${secret.database} from public, app; alter database ${secret.database} owner to ${superuser}`,
      ),
    );
    const { lines } = start(settings, []);
    await ticks(settings);
    await eventually(() => told(lines, 'warn', secret), ['no right to connect, ignoring']);
    const pass = lines.length;
    await ticks(settings);
    expect(told(lines.slice(pass), 'warn', secret)).toEqual([]);
  });
});
