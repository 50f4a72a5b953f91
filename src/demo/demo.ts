import { acquirePidfile } from '../daemon/pidfile.js';
import { Session, type ConnectSettings } from '../db/session.js';
import { findBinaries, oldestAndNewest } from '../embedded/binaries.js';
import { superuser, type Server } from '../embedded/server.js';
import { sleep } from '../kernel/clock.js';
import { LondisteError } from '../kernel/errors.js';
import { createLog } from '../kernel/log.js';
import { supervise, type Service } from '../kernel/service.js';
import { compare } from './equality.js';
import { Place } from './place.js';
import { createDatabase, prepare } from './prepare.js';
import { replicate, type Ends } from './replication.js';
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
      // Both are waited for, also when one fails: only a server that has been started can be stopped again.
      const started = await Promise.allSettled([start(servers.provider), start(servers.subscriber)]);
      for (const start of started) if (start.status === 'rejected') throw start.reason;
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
  const ends = { name: subscription, provider, subscriber };
  const replicating = new AbortController();
  const replication = replicate({ ...ends, log, stop: replicating.signal });
  try {
    await Promise.race([replication.done, prepare(ends)]);
    await Promise.race([replication.done, watch(ends, replication.applied, options)]);
    if (!stop.aborted) await compare(provider, subscriber, out);
  } finally {
    replicating.abort();
    await replication.done;
  }
}

/** Writes and shows until the time is up or Ctrl-C, then stops writing. */
async function watch(ends: Ends, applied: () => number, { out, seconds, stop }: DemoOptions): Promise<void> {
  const workload = new Workload(ends.provider);
  const timeIsUp = new AbortController();
  const timer = seconds === undefined ? undefined : setTimeout(() => timeIsUp.abort(), seconds * 1000);
  const showing: Service = {
    name: 'view',
    run: async (signal) => {
      const view = new View(out);
      const applicationName = 'londiste demo view';
      await using provider = await Session.open(ends.provider, { side: 'provider', applicationName });
      await using subscriber = await Session.open(ends.subscriber, { side: 'subscriber', applicationName });
      while (!signal.aborted) {
        const status = await readStatus({ name: ends.name, provider, subscriber });
        view.show({ ...status, captured: workload.changes, applied: applied() });
        await sleep(500, signal);
      }
    },
  };
  try {
    await supervise([workload, showing], AbortSignal.any([stop, timeIsUp.signal]));
  } finally {
    clearTimeout(timer);
  }
}

function settingsOf(server: Server): ConnectSettings {
  return { host: '127.0.0.1', port: server.port, user: superuser, database };
}
