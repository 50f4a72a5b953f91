import { runReplay } from '../daemon/replay.js';
import { runTicker } from '../daemon/ticker.js';
import { acquirePidfile } from '../daemon/pidfile.js';
import { Session, type ConnectSettings } from '../db/session.js';
import { findBinaries, oldestAndNewest } from '../embedded/binaries.js';
import { superuser, type Server } from '../embedded/server.js';
import { sleep } from '../kernel/clock.js';
import { LondisteError } from '../kernel/errors.js';
import { createLog, type Log } from '../kernel/log.js';
import { supervise, type Service } from '../kernel/service.js';
import { areEqual, readContents } from './equality.js';
import { Place } from './place.js';
import { createDatabase, prepare } from './prepare.js';
import { readStatus } from './status.js';
import { View } from './view.js';
import { Workload } from './workload.js';

export interface DemoOptions {
  /** Where the servers' data lies. */
  readonly folder: string;
  /** Ends by itself after so many seconds; runs until stopped when undefined. */
  readonly seconds: number | undefined;
  /** Throws away the data of earlier runs first. */
  readonly reset: boolean;
  readonly environment: Record<string, string | undefined>;
  readonly out: NodeJS.WriteStream;
  /** Aborted by Ctrl-C. */
  readonly stop: AbortSignal;
}

const database = 'londiste_demo';
const subscription = { queue: 'londiste.demo', consumer: 'demo' };

/**
 * Two servers of different major versions, a table with rows, ticker and replay, and somebody who keeps writing; at
 * the end a comparison of both sides. Nothing that it started is left running.
 */
export async function runDemo(options: DemoOptions): Promise<void> {
  const { out } = options;
  const place = new Place(options.folder);
  place.make();
  const lock = acquireLock(place);
  try {
    if (options.reset) place.reset();
    await oldestAndNewest(options.environment);
    const servers = await place.servers(await findBinaries(options.environment));
    out.write(`data and logs: ${place.folder}\n`);
    try {
      await Promise.all([start(servers.provider), start(servers.subscriber)]);
      await play(servers, place, options);
    } finally {
      await Promise.all([servers.provider.stop(), servers.subscriber.stop()]);
    }
  } finally {
    lock.release();
  }
}

function acquireLock(place: Place): { release(): void } {
  try {
    return acquirePidfile(place.lockFile);
  } catch (cause) {
    if (!(cause instanceof LondisteError)) throw cause;
    throw new LondisteError('refused', `another demo runs in ${place.folder}`, {
      cause,
      hint: 'stop that one with Ctrl-C, or give this one --data FOLDER',
    });
  }
}

async function start(server: Server): Promise<void> {
  await server.stopLeftover();
  await server.initialise();
  await server.start();
}

async function play(
  servers: { provider: Server; subscriber: Server },
  place: Place,
  options: DemoOptions,
): Promise<void> {
  const { out, stop } = options;
  const provider = settingsOf(servers.provider);
  const subscriber = settingsOf(servers.subscriber);
  out.write(
    `provider:   PostgreSQL ${servers.provider.major}, psql -h 127.0.0.1 -p ${provider.port} -U ${provider.user} ${database}\n`,
  );
  out.write(
    `subscriber: PostgreSQL ${servers.subscriber.major}, psql -h 127.0.0.1 -p ${subscriber.port} -U ${subscriber.user} ${database}\n`,
  );
  const log = createLog({ level: 'info', format: 'text', file: place.logFile });

  await Promise.all([createDatabase(provider), createDatabase(subscriber)]);
  const replicating = new AbortController();
  const replication = replicate({ provider, subscriber, log, stop: replicating.signal });
  try {
    await Promise.race([replication.done, prepare({ provider, subscriber, name: subscription })]);
    await watch(
      { provider, subscriber, applied: replication.applied, replication: replication.done },
      options,
    );
    if (!stop.aborted) await compare(provider, subscriber, out);
  } finally {
    replicating.abort();
    await replication.done;
  }
}

interface Ends {
  readonly provider: ConnectSettings;
  readonly subscriber: ConnectSettings;
}

/** Ticker and replay, as the daemons run them. */
function replicate({ provider, subscriber, log, stop }: Ends & { log: Log; stop: AbortSignal }): {
  done: Promise<void>;
  applied: () => number;
} {
  let applied = 0;
  const context = { log, stop, ready: () => undefined };
  const ticker: Service = {
    name: 'ticker',
    run: (signal) =>
      runTicker(
        { jobName: 'demo_ticker', database: provider, loopDelayMs: 50, maintDelayMs: 60_000 },
        { ...context, stop: signal },
      ),
  };
  const replay: Service = {
    name: 'replay',
    run: async (signal) => {
      // Nothing is installed before the first run has prepared it.
      await untilPrepared(subscriber, signal);
      if (signal.aborted) return;
      const settings = {
        jobName: 'demo',
        name: subscription,
        provider,
        subscriber,
        loopDelayMs: 1_000,
        lockTimeoutMs: 10_000,
        statementTimeoutMs: 0,
      };
      await runReplay(settings, { ...context, stop: signal, onBatch: ({ events }) => (applied += events) });
    },
  };
  return { done: supervise([ticker, replay], stop), applied: () => applied };
}

async function untilPrepared(subscriber: ConnectSettings, stop: AbortSignal): Promise<void> {
  while (!stop.aborted) {
    await using session = await Session.open(subscriber, {
      side: 'subscriber',
      applicationName: 'londiste demo',
    });
    const { there } = await session.one<{ there: boolean }>(
      `select to_regclass('londiste.position') is not null as there`,
    );
    if (there) return;
    await sleep(100, stop);
  }
}

/** Writes and shows until the time is up or Ctrl-C, then stops writing. */
async function watch(
  {
    provider,
    subscriber,
    applied,
    replication,
  }: Ends & { applied: () => number; replication: Promise<void> },
  { out, seconds, stop }: DemoOptions,
): Promise<void> {
  const workload = new Workload(provider);
  const over = seconds === undefined ? stop : AbortSignal.any([stop, AbortSignal.timeout(seconds * 1000)]);
  const showing: Service = {
    name: 'view',
    run: async (signal) => {
      const view = new View(out);
      await using there = await Session.open(provider, {
        side: 'provider',
        applicationName: 'londiste demo view',
      });
      await using here = await Session.open(subscriber, {
        side: 'subscriber',
        applicationName: 'londiste demo view',
      });
      while (!signal.aborted) {
        const status = await readStatus({ provider: there, subscriber: here, name: subscription });
        view.show({ ...status, captured: workload.changes, applied: applied() });
        await sleep(500, signal);
      }
    },
  };
  await Promise.race([supervise([workload, showing], over), replication]);
}

/** How long the subscriber has to catch up once nobody writes any more, in milliseconds. */
const patienceMs = 30_000;

async function compare(
  provider: ConnectSettings,
  subscriber: ConnectSettings,
  out: NodeJS.WriteStream,
): Promise<void> {
  await using there = await Session.open(provider, { side: 'provider', applicationName: 'londiste demo' });
  await using here = await Session.open(subscriber, { side: 'subscriber', applicationName: 'londiste demo' });
  const expected = await readContents(there);
  const end = Date.now() + patienceMs;
  for (;;) {
    const found = await readContents(here);
    if (areEqual(expected, found)) {
      out.write(
        `both sides are equal: ${expected.rows} rows, md5 ${expected.md5}, next value of the sequence ${expected.nextValue}\n`,
      );
      return;
    }
    if (Date.now() > end) {
      throw new LondisteError(
        'data',
        `the sides differ: ${expected.rows} rows on the provider, ${found.rows} on the subscriber`,
        {
          hint: 'read the log in the data folder',
        },
      );
    }
    await sleep(50);
  }
}

function settingsOf(server: Server): ConnectSettings {
  return { host: '127.0.0.1', port: server.port, user: superuser, database };
}
