import { Copier } from '../copy/copier.js';
import type { Workbench } from '../copy/workbench.js';
import { Session, type ConnectSettings } from '../db/session.js';
import { pinSettings } from '../db/settings.js';
import { Bell } from '../kernel/clock.js';
import type { Log } from '../kernel/log.js';
import { supervise } from '../kernel/service.js';
import { Layouts } from '../londiste/layout.js';
import type { SubscriptionName } from '../londiste/subscription-name.js';
import { tickChannel } from '../pgq/ticker.js';
import { catchUp } from '../replay/catch-up.js';
import { claim, prepareSubscriber, Targets, type Link } from '../replay/link.js';
import { ReplayService } from '../replay/service.js';
import type { Replayed } from '../replay/replayer.js';
import { registerSubscriber } from '../setup/subscription.js';

/** What the replay daemon of one subscription needs to know. */
export interface ReplaySettings {
  readonly jobName: string;
  readonly name: SubscriptionName;
  readonly provider: ConnectSettings;
  readonly subscriber: ConnectSettings;
  readonly loopDelayMs: number;
  /** 0 for none, as is the next. */
  readonly lockTimeoutMs: number;
  readonly statementTimeoutMs: number;
}

export interface DaemonContext {
  readonly log: Log;
  readonly stop: AbortSignal;
  /** Called once the daemon serves, and again after each reconnect. */
  readonly ready: () => void;
}

export interface ReplayContext extends DaemonContext {
  /** Called with each batch that was replayed. */
  readonly onBatch?: (replayed: Replayed) => void;
}

/** Replay and copier of one subscription, side by side until stopped. */
export async function runReplay(
  settings: ReplaySettings,
  { log, stop, ready, onBatch }: ReplayContext,
): Promise<void> {
  const connections = new SubscriptionConnections(settings, log);
  // What stands in the way of the first start is told to whoever starts; later on it is tried again.
  let first: (Link & AsyncDisposable) | undefined = await connections.openLink(stop);
  const copyBell = new Bell();
  const stats = new BatchStats(log);
  const replay = new ReplayService({
    log,
    loopDelayMs: settings.loopDelayMs,
    connect: async () => {
      const link = first ?? (await connections.openLink(stop));
      first = undefined;
      copyBell.ring();
      ready();
      return link;
    },
    wakeUp: async ({ provider, subscriber, name }, bell) => {
      const ring = (): void => {
        bell.ring();
      };
      await provider.listen(await tickChannel(provider, name.queue), ring);
      await subscriber.listen('londiste_tables', () => {
        bell.ring();
        copyBell.ring();
      });
      provider.onClosed(ring);
      subscriber.onClosed(ring);
    },
    onBatch: (replayed) => {
      stats.add(replayed);
      onBatch?.(replayed);
      // The provider need not keep events for a table that replay has taken over.
      if (replayed.tookOver.length > 0) copyBell.ring();
    },
  });
  const copier = new Copier({ log, bell: copyBell, open: () => connections.openWorkbench() });
  await supervise([replay, copier], stop);
  stats.write();
}

/** How long a start waits for a predecessor that is just ending, and a reconnect for the server to notice our own old session. */
const claimPatienceMs = { start: 2_000, reconnect: 60_000 };

/** Opens the connections of one subscription; remembers under which fence number this process serves it. */
class SubscriptionConnections {
  readonly #settings: ReplaySettings;
  readonly #log: Log;
  #fence: number | undefined;

  constructor(settings: ReplaySettings, log: Log) {
    this.#settings = settings;
    this.#log = log;
  }

  async openLink(stop: AbortSignal): Promise<Link & AsyncDisposable> {
    return this.#open('replay', async (sessions) => {
      const { name } = this.#settings;
      await registerSubscriber({ name, ...sessions });
      const { start, reconnect } = claimPatienceMs;
      const patienceMs = this.#fence === undefined ? start : reconnect;
      this.#fence = await claim({ name, ...sessions }, { fence: this.#fence, patienceMs, stop });
      return { ...this.#linkOver(sessions, this.#fence), ...closing(sessions) };
    });
  }

  async openWorkbench(): Promise<Workbench | undefined> {
    const fence = this.#fence;
    if (fence === undefined) return undefined;
    return this.#open('copy', (sessions) => {
      const link = this.#linkOver(sessions, fence);
      return Promise.resolve({
        ...link,
        catchUp: (table, to) => catchUp(link, table, to),
        ...closing(sessions),
      } satisfies Workbench);
    });
  }

  #linkOver(sessions: Sessions, fence: number): Link {
    const { name } = this.#settings;
    const { provider, subscriber } = sessions;
    return {
      name,
      ...sessions,
      fence,
      log: this.#log,
      layouts: new Layouts(),
      targets: new Targets(name, provider, subscriber),
    };
  }

  /** Opens all three sessions and hands them to `use`; closes them again if anything fails. */
  async #open<T>(purpose: string, use: (sessions: Sessions) => Promise<T>): Promise<T> {
    const { provider, subscriber, jobName, lockTimeoutMs, statementTimeoutMs } = this.#settings;
    const opened: Session[] = [];
    const open = async (settings: ConnectSettings, side: string, what: string): Promise<Session> => {
      const session = await Session.open(settings, {
        side,
        applicationName: `londiste ${jobName} ${what}`,
        onNotice: (message, severity) => {
          if (severity === 'WARNING') this.#log.warn(`${side}: ${message}`);
        },
      });
      opened.push(session);
      return session;
    };
    try {
      const sessions: Sessions = {
        provider: await open(provider, 'provider', purpose),
        feed: await open(provider, 'provider', `${purpose} feed`),
        subscriber: await open(subscriber, 'subscriber', purpose),
      };
      await pinSettings(sessions.provider);
      await pinSettings(sessions.feed, { lock_timeout: String(lockTimeoutMs) });
      await prepareSubscriber(sessions.subscriber, this.#log, { lockTimeoutMs, statementTimeoutMs });
      return await use(sessions);
    } catch (error) {
      await Promise.all(opened.map((session) => session.end()));
      throw error;
    }
  }
}

interface Sessions {
  readonly provider: Session;
  readonly feed: Session;
  readonly subscriber: Session;
}

function closing({ provider, feed, subscriber }: Sessions): AsyncDisposable {
  return {
    async [Symbol.asyncDispose]() {
      await Promise.all([subscriber.end(), feed.end(), provider.end()]);
    },
  };
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
