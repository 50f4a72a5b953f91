import { Copier } from '../copy/copier.js';
import { Bell } from '../kernel/clock.js';
import type { Log } from '../kernel/log.js';
import { supervise } from '../kernel/service.js';
import type { Link } from '../replay/link.js';
import type { Replayed } from '../replay/replayer.js';
import { ReplayService } from '../replay/service.js';
import { SubscriptionConnections, type ReplaySettings } from './subscription-connections.js';

export interface DaemonContext {
  readonly log: Log;
  readonly stop: AbortSignal;
  /** Called once the daemon serves, and again after each reconnect. */
  readonly ready: () => void;
  /** Rings when the daemon was asked to reload. */
  readonly reloaded?: Bell;
  /** Whether it goes on after a reload: then what fails at its start is tried again, like all that fails later. */
  readonly isReload?: boolean;
}

export interface ReplayContext extends DaemonContext {
  /** Called with each batch that was replayed. */
  readonly onBatch?: (replayed: Replayed) => void;
}

/** How long a batch that is being applied may hold up a stop, in milliseconds. */
const stopPatienceMs = 3_000;

/** Replay and copier of one subscription, side by side until stopped. */
export async function runReplay(
  settings: ReplaySettings,
  { log, stop, ready, onBatch }: ReplayContext,
): Promise<void> {
  const bells = { replay: new Bell(), copy: new Bell() };
  await using connections = new SubscriptionConnections(settings, { log, bells });
  // What stands in the way of the first start is told to whoever starts; later on it is tried again.
  let first: Link | undefined = await connections.openLink(stop);
  const stats = new BatchStats(log);
  const replay = new ReplayService({
    log,
    loopDelayMs: settings.loopDelayMs,
    bell: bells.replay,
    connect: async () => {
      const link = first ?? (await connections.openLink(stop));
      first = undefined;
      bells.copy.ring();
      ready();
      return link;
    },
    onBatch: (replayed) => {
      stats.add(replayed);
      onBatch?.(replayed);
      // The provider need not keep events for a table that replay has taken over.
      if (replayed.tookOver.length > 0) bells.copy.ring();
    },
  });
  const copier = new Copier({
    log,
    bell: bells.copy,
    parallel: settings.parallelCopies,
    openDesk: () => connections.openDesk(),
    openWorkbench: () => connections.openWorkbench(),
  });
  let patience: NodeJS.Timeout | undefined;
  stop.addEventListener('abort', () => {
    patience = setTimeout(() => {
      log.warn('the batch under way is given up: it will be applied at the next start');
      connections.cut();
    }, stopPatienceMs);
  });
  try {
    await supervise([replay, copier], stop);
  } finally {
    clearTimeout(patience);
  }
  stats.write();
}

/** Sums up batches for the log, in the words of Skytools: a line for each of hundreds a minute would tell nobody anything. */
class BatchStats {
  readonly #log: Log;
  #batches = 0;
  #count = 0;
  #ignored = 0;
  #since = Date.now();

  constructor(log: Log) {
    this.#log = log;
  }

  add({ events, ignored }: Replayed): void {
    this.#batches += 1;
    this.#count += events;
    this.#ignored += ignored;
    if (Date.now() - this.#since > 30_000) this.write();
  }

  write(): void {
    const seconds = (Date.now() - this.#since) / 1000;
    if (this.#count > 0 || this.#ignored > 0) {
      this.#log.info(
        `{count: ${this.#count}, ignored: ${this.#ignored}, batches: ${this.#batches}, duration: ${seconds.toFixed(3)}}`,
      );
    }
    this.#batches = this.#count = this.#ignored = 0;
    this.#since = Date.now();
  }
}
