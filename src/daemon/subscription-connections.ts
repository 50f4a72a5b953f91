import type { Desk } from '../copy/desk.js';
import type { Workbench } from '../copy/workbench.js';
import { Session, type ConnectSettings } from '../db/session.js';
import { pinSettings } from '../db/settings.js';
import type { Bell } from '../kernel/clock.js';
import type { Log } from '../kernel/log.js';
import { Layouts } from '../londiste/layout.js';
import type { SubscriptionName } from '../londiste/subscription-name.js';
import { tickChannel } from '../pgq/ticker.js';
import type { KeyTable } from '../replay/key-table.js';
import { claim, prepareSubscriber, Targets, type Link } from '../replay/link.js';
import { firstEvents } from '../replay/take.js';
import { registerSubscriber } from '../setup/subscription.js';
import { openDesk, openWorkbench } from './copy-connections.js';

/** What the replay daemon of one subscription needs to know. */
export interface ReplaySettings {
  readonly jobName: string;
  readonly name: SubscriptionName;
  readonly provider: ConnectSettings;
  readonly subscriber: ConnectSettings;
  readonly loopDelayMs: number;
  /** For changes that are read and not applied yet, in bytes. */
  readonly memoryBytes: number;
  /** 0 for none, as is the next. */
  readonly lockTimeoutMs: number;
  readonly statementTimeoutMs: number;
  /** How many tables are copied at once. */
  readonly parallelCopies: number;
  /** Connections to each server for the rows of one large table. */
  readonly copyConnections: number;
  /** Bytes of a table's file that are copied in one transaction; a table that is no larger comes in one. */
  readonly copyRangeBytes: number;
  /** Whether all rows of a large table are read under one snapshot, or each range under one of its own. */
  readonly copySnapshot: 'table' | 'range';
  /** Bytes a second of one table's copy, and how far replay may be behind before it waits; 0 is no limit. */
  readonly copyMaxRate: number;
  readonly copyPauseLagMs: number;
}

/** How long a start waits for a predecessor that is just ending, and a reconnect for the server to notice our own old session. */
const claimPatienceMs = { start: 2_000, reconnect: 60_000 };

/** Memory of the provider's server for putting the events of a batch in order before it writes them to disk. */
const sortMemory = '16MB';

/** A statement of a copy may run for hours, and a predecessor's that goes on after its death would be in the way. */
const forCopies = { client_connection_check_interval: '2s', statement_timeout: '0' };

interface Options {
  readonly log: Log;
  readonly bells: { readonly replay: Bell; readonly copy: Bell };
}

/**
 * The connections of one subscription. One that is lost is opened anew, the others stay as they are; under which fence
 * number this process serves the subscription is remembered.
 */
export class SubscriptionConnections implements AsyncDisposable {
  readonly #settings: ReplaySettings;
  readonly #log: Log;
  readonly #bells: Options['bells'];
  readonly #freeKeyTables: KeyTable[] = [];
  readonly #replacing = new Map<string, number>();
  readonly #toldOf = new Map<string, number>();
  readonly #batches = { mostEvents: firstEvents };
  readonly #firing = new WeakMap<Session, boolean>();
  readonly #listening = new WeakSet<Session>();
  #provider: Session | undefined;
  /** A promise, so that two who ask at once get the same one. */
  #feed: Promise<Session> | undefined;
  #subscriber: Session | undefined;
  #fence: number | undefined;

  constructor(settings: ReplaySettings, { log, bells }: Options) {
    this.#settings = settings;
    this.#log = log;
    this.#bells = bells;
  }

  /** The link that replay works over, with the subscription claimed. */
  async openLink(stop: AbortSignal): Promise<Link> {
    const { name } = this.#settings;
    const provider = await this.#openProvider();
    const subscriber = await this.#openSubscriber();
    await registerSubscriber({ name, provider, subscriber });
    await this.#listen(provider, subscriber);
    const { start, reconnect } = claimPatienceMs;
    const patienceMs = this.#fence === undefined ? start : reconnect;
    this.#fence = await claim({ name, provider, subscriber }, { fence: this.#fence, patienceMs, stop });
    return this.#linkOver({ provider, subscriber, feed: () => this.#openFeed() }, this.#fence);
  }

  /** The connections from which the copier looks after its tables; undefined while replay does not serve the subscription. */
  async openDesk(): Promise<Desk | undefined> {
    if (this.#fence === undefined) return undefined;
    const about = { name: this.#settings.name, fence: this.#fence, log: this.#log };
    return openDesk({ open: (side, purpose) => this.#openForCopies(side, purpose) }, about);
  }

  /** The connections over which the copier brings one table after the other. */
  async openWorkbench(): Promise<Workbench | undefined> {
    const fence = this.#fence;
    if (fence === undefined) return undefined;
    const { copyConnections: lanes, copyRangeBytes: rangeBytes, copySnapshot: snapshots } = this.#settings;
    const { copyMaxRate: maxRate, copyPauseLagMs: pauseLagMs } = this.#settings;
    return openWorkbench({
      settings: { rangeBytes, snapshots, pace: { maxRate, pauseLagMs } },
      lanes,
      open: (side, purpose) => this.#openForCopies(side, purpose),
      // What replay has is had once more by all copies together.
      linkOver: (sessions) => ({
        ...this.#linkOver(sessions, fence),
        memoryBytes: this.#settings.memoryBytes / this.#settings.parallelCopies,
      }),
    });
  }

  async #openForCopies(side: 'provider' | 'subscriber', purpose: string): Promise<Session> {
    const lock_timeout = String(this.#settings.lockTimeoutMs);
    const session = await this.#open(side, purpose, { ...forCopies, lock_timeout });
    if (side === 'subscriber') await this.#prepare(session, forCopies);
    return session;
  }

  /** Drops replay's connections at once: what is not committed is rolled back, and done again at the next start. */
  cut(): void {
    this.#subscriber?.destroy();
    this.#provider?.destroy();
    this.#feed?.then(
      (feed) => {
        feed.destroy();
      },
      () => undefined,
    );
  }

  async [Symbol.asyncDispose](): Promise<void> {
    const feed = await this.#feed?.catch(() => undefined);
    const open = [this.#subscriber, feed, this.#provider].filter((session) => session !== undefined);
    await Promise.all(open.map((session) => session.end()));
  }

  #linkOver(sessions: Pick<Link, 'provider' | 'subscriber' | 'feed'>, fence: number): Link {
    const { name, memoryBytes } = this.#settings;
    return {
      name,
      ...sessions,
      fence,
      log: this.#log,
      layouts: new Layouts(),
      targets: new Targets(
        name,
        sessions.provider,
        sessions.subscriber,
        this.#firing.get(sessions.subscriber) ?? true,
      ),
      memoryBytes,
      freeKeyTables: this.#freeKeyTables,
      replacing: this.#replacing,
      batches: this.#batches,
      toldOf: this.#toldOf,
    };
  }

  async #openProvider(): Promise<Session> {
    if (this.#provider && !this.#provider.closed) return this.#provider;
    this.#provider = await this.#open('provider', 'replay');
    return this.#provider;
  }

  async #openFeed(): Promise<Session> {
    const open = await this.#feed?.catch(() => undefined);
    if (open && !open.closed) return open;
    const lock_timeout = String(this.#settings.lockTimeoutMs);
    this.#feed = this.#open('provider', 'replay feed', { lock_timeout, work_mem: sortMemory });
    return this.#feed;
  }

  async #openSubscriber(): Promise<Session> {
    if (this.#subscriber && !this.#subscriber.closed) return this.#subscriber;
    this.#subscriber = await this.#open('subscriber', 'replay');
    await this.#prepare(this.#subscriber);
    return this.#subscriber;
  }

  async #prepare(subscriber: Session, more: Readonly<Record<string, string>> = {}): Promise<void> {
    const { firesTriggers } = await prepareSubscriber(subscriber, this.#log, { ...this.#settings, more });
    this.#firing.set(subscriber, firesTriggers);
  }

  /** Has the bells rung by ticks, by changes of a table's state, and by the loss of a connection. */
  async #listen(provider: Session, subscriber: Session): Promise<void> {
    const { replay, copy } = this.#bells;
    const ring = (): void => {
      replay.ring();
    };
    if (!this.#listening.has(provider)) {
      await provider.listen(await tickChannel(provider, this.#settings.name.queue), ring);
      provider.onClosed(ring);
      this.#listening.add(provider);
    }
    if (this.#listening.has(subscriber)) return;
    await subscriber.listen('londiste_tables', () => {
      replay.ring();
      copy.ring();
    });
    subscriber.onClosed(ring);
    this.#listening.add(subscriber);
  }

  async #open(
    side: 'provider' | 'subscriber',
    purpose: string,
    more: Readonly<Record<string, string>> = {},
  ): Promise<Session> {
    const session = await Session.open(this.#settings[side], {
      side,
      applicationName: `londiste ${this.#settings.jobName} ${purpose}`,
      onNotice: (message, severity) => {
        if (severity === 'WARNING') this.#log.warn(`${side}: ${message}`);
      },
    });
    try {
      await pinSettings(session, more);
      return session;
    } catch (error) {
      await session.end();
      throw error;
    }
  }
}
