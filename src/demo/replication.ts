import { runReplay } from '../daemon/replay.js';
import { runTicker } from '../daemon/ticker.js';
import { Session, type ConnectSettings } from '../db/session.js';
import { sleep } from '../kernel/clock.js';
import type { Log } from '../kernel/log.js';
import { supervise, type Service } from '../kernel/service.js';
import type { SubscriptionName } from '../londiste/subscription-name.js';

/** The demo's databases, and the subscription between them. */
export interface Ends {
  readonly name: SubscriptionName;
  readonly provider: ConnectSettings;
  readonly subscriber: ConnectSettings;
}

/** Ticker and replay, as the daemons run them. */
export function replicate({
  name,
  provider,
  subscriber,
  log,
  stop,
}: Ends & { log: Log; stop: AbortSignal }): {
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
        name,
        provider,
        subscriber,
        loopDelayMs: 1_000,
        lockTimeoutMs: 10_000,
        memoryBytes: 16 * 1024 * 1024,
        parallelCopies: 4,
        copyConnections: 2,
        copyRangeBytes: 64 * 1024 * 1024,
        copySnapshot: 'table' as const,
        copyMaxRate: 0,
        copyPauseLagMs: 0,
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
