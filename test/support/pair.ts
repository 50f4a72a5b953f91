import type { ConnectSettings, Session } from '../../src/db/session.js';
import { runReplay, type ReplayContext } from '../../src/daemon/replay.js';
import type { ReplaySettings } from '../../src/daemon/subscription-connections.js';
import { runTicker } from '../../src/daemon/ticker.js';
import { createLog, type Log } from '../../src/kernel/log.js';
import { installProvider } from '../../src/setup/provider.js';
import { installSubscriber } from '../../src/setup/subscription.js';
import type { Ends } from '../../src/setup/ends.js';
import { atEndOfFile } from './at-end.js';
import { createDatabase, open, type Which } from './databases.js';

/** A log for services under test: silent, unless LONDISTE_TEST_LOG names a level. */
export function testLog(): Log {
  const level = process.env['LONDISTE_TEST_LOG'];
  return createLog({ level: level === 'debug' || level === 'info' ? level : 'silent', format: 'text' });
}

/** A provider and a subscriber database, both installed, with sessions of the test's own on each. */
export interface Pair {
  readonly name: { readonly queue: string; readonly consumer: string };
  readonly providerSettings: ConnectSettings;
  readonly subscriberSettings: ConnectSettings;
  readonly provider: Session;
  readonly subscriber: Session;
  readonly ends: Ends;
}

export async function createPair(provider: Which, subscriber: Which): Promise<Pair> {
  const name = { queue: 'q', consumer: 'c' };
  const providerSettings = await createDatabase(provider, { installed: 'provider' });
  const subscriberSettings = await createDatabase(subscriber, { installed: 'subscriber' });
  const sessions = { provider: await open(providerSettings), subscriber: await open(subscriberSettings) };
  const ends = { name, ...sessions };
  await installProvider(sessions.provider, name.queue);
  await installSubscriber(ends);
  atEndOfFile(async () => {
    await Promise.all([sessions.provider.end(), sessions.subscriber.end()]);
  });
  return { name, providerSettings, subscriberSettings, ...sessions, ends };
}

/** What a test wants otherwise of a replay. */
export type ReplayOptions = Partial<ReplaySettings> & Partial<Pick<ReplayContext, 'log' | 'onBatch'>>;

/** Ticker and replay of a pair, run inside the test until they are stopped. */
export class Daemons {
  readonly #stop = new AbortController();
  readonly #done: Promise<void>;

  private constructor(done: (stop: AbortSignal) => Promise<void>) {
    this.#done = done(this.#stop.signal);
    // Looked at when stopped; a failure before that must not end the whole run as unhandled.
    this.#done.catch(() => undefined);
    atEndOfFile(() => this.stop().catch(() => undefined));
  }

  static ticker({ providerSettings }: Pair): Daemons {
    const settings = { jobName: 'ticker', database: providerSettings, loopDelayMs: 50, maintDelayMs: 60_000 };
    return new Daemons((stop) => runTicker(settings, { log: testLog(), stop, ready: () => undefined }));
  }

  static replay(
    {
      name,
      providerSettings,
      subscriberSettings,
    }: Pick<Pair, 'name' | 'providerSettings' | 'subscriberSettings'>,
    { log = testLog(), onBatch, ...more }: ReplayOptions = {},
  ): Daemons {
    const settings = {
      jobName: name.consumer,
      name,
      provider: providerSettings,
      subscriber: subscriberSettings,
      loopDelayMs: 500,
      lockTimeoutMs: 10_000,
      memoryBytes: 16 * 1024 * 1024,
      statementTimeoutMs: 0,
      parallelCopies: 4,
      copyConnections: 2,
      copyRangeBytes: 64 * 1024 * 1024,
      copySnapshot: 'table' as const,
      copyMaxRate: 0,
      copyPauseLagMs: 0,
      ...more,
    };
    return new Daemons((stop) =>
      runReplay(settings, { log, stop, ready: () => undefined, ...(onBatch && { onBatch }) }),
    );
  }

  /** Waits until the services end by themselves; throws what ended them. */
  ended(): Promise<void> {
    return this.#done;
  }

  /** Stops and waits; throws what ended the services before. */
  async stop(): Promise<void> {
    this.#stop.abort();
    await this.#done;
  }
}

/**
 * The state of a table for comparison: every row as text in the order of its text, under settings that print the same
 * everywhere.
 */
export async function fingerprint(session: Session, table: string): Promise<string> {
  const { sum } = await session.one<{ sum: string }>(
    `select count(*) || ' ' || coalesce(md5(string_agg(row_text, e'\\n' order by row_text collate "C")), '') as sum
       from (select (t.*)::text as row_text from ${table} t) as rows`,
  );
  return sum;
}
