import type { Session } from '../db/session.js';
import { kindOf } from '../db/sqlstate.js';
import { pinSettings } from '../db/settings.js';
import { sleep } from '../kernel/clock.js';
import type { Log } from '../kernel/log.js';
import { asLondisteError, LondisteError } from '../kernel/errors.js';
import type { Layouts } from '../londiste/layout.js';
import { claimPosition } from '../londiste/position.js';
import { providerGetTableList, raiseFence } from '../londiste/provider.js';
import type { SubscriptionName } from '../londiste/subscription-name.js';
import { isSameDestination, type Destination } from '../londiste/destination.js';
import { ruleFault, triggerFault } from '../londiste/table-fault.js';
import { describeTable, lockTargets } from '../londiste/table-shape.js';
import type { KeyTable } from './key-table.js';
import { lookingUp } from './plans.js';
import { Target } from './target.js';

/** Both ends of a subscription while they are connected, and what is known of the tables at each. */
export interface Link {
  readonly name: SubscriptionName;
  readonly provider: Session;
  /**
   * A second connection to the provider, for the events: one that is inside a COPY answers nothing else, and one whose
   * COPY was given up is lost and opened anew.
   */
  feed(): Promise<Session>;
  readonly subscriber: Session;
  /** The number under which this process serves the subscription; a higher one means that it was replaced. */
  readonly fence: number;
  readonly log: Log;
  readonly layouts: Layouts;
  readonly targets: Targets;
  /** How many bytes of changes may be kept in memory. */
  readonly memoryBytes: number;
  /** Memory of chunks that are done with, for the next ones. */
  readonly freeKeyTables: KeyTable[];
  /** When a sequence that cannot be set was last told of. */
  readonly toldOf: Map<string, number>;
  /** How many events a batch may have that is made of several ticks: fewer after the subscriber ran out of something. */
  readonly batches: { mostEvents: number };
  /** Until when a table is written by deleting first, as the clock has it: see `Plan`. */
  readonly replacing: Map<string, number>;
}

interface SubscriberSettings {
  readonly lockTimeoutMs: number;
  readonly statementTimeoutMs: number;
  /** What else is set, by the names of the server's settings. */
  readonly more?: Readonly<Record<string, string>>;
}

/** Settings of a session that changes the replicated tables; tells whether their ordinary triggers fire all the same. */
export async function prepareSubscriber(
  subscriber: Session,
  log: Log,
  { lockTimeoutMs, statementTimeoutMs, more = {} }: SubscriberSettings,
): Promise<{ firesTriggers: boolean }> {
  await pinSettings(subscriber, {
    lock_timeout: String(lockTimeoutMs),
    statement_timeout: String(statementTimeoutMs),
    ...lookingUp,
    jit: 'off',
    ...more,
  });
  // A batch is finished on the provider only after this commit, which must not be lost by a crash then.
  await subscriber.query(
    `select set_config('synchronous_commit', 'local', false) where current_setting('synchronous_commit') = 'off'`,
  );
  const { may, database } = await subscriber.one<{ may: boolean; database: string }>(
    `select has_database_privilege(current_database(), 'temporary') as may, quote_ident(current_database()) as database`,
  );
  if (!may) {
    throw new LondisteError('rights', `${subscriber.where}: the role may not make temporary tables there`, {
      hint: `GRANT TEMPORARY ON DATABASE ${database} TO the role of subscriber_db`,
    });
  }
  try {
    await subscriber.execute('set session_replication_role = replica');
    return { firesTriggers: false };
  } catch (error) {
    if (!(error instanceof LondisteError) || error.kind !== 'rights') throw error;
    log.debug(
      `${subscriber.where}: the role may not set session_replication_role; tables with triggers or foreign keys are refused`,
    );
    return { firesTriggers: true };
  }
}

/**
 * Makes the link's subscriber session the one that serves the subscription and tells the provider; returns the number
 * under which it does. While another session holds the subscription it tries again for `patienceMs`: that may be a
 * predecessor that is just ending, or our own from before a lost connection, which the server has not noticed yet. One
 * that came after us (`fence` is ours from before) has replaced us, and is not waited for.
 */
export async function claim(
  { name, provider, subscriber }: Pick<Link, 'name' | 'provider' | 'subscriber'>,
  { fence, patienceMs, stop }: { fence: number | undefined; patienceMs: number; stop: AbortSignal },
): Promise<number> {
  const end = Date.now() + patienceMs;
  for (;;) {
    const claimed = await claimPosition(subscriber, name, fence);
    if ('fence' in claimed) {
      await raiseFence(provider, name, claimed.fence);
      return claimed.fence;
    }
    if (claimed.replaced || Date.now() > end || stop.aborted) {
      throw new LondisteError(
        'fenced',
        `consumer ${name.consumer} of queue ${name.queue} is served already by ${claimed.holder}`,
        { hint: 'stop that replay first (londiste CONFIG replay -s where it runs)' },
      );
    }
    await sleep(200, stop);
  }
}

/** A table as it was when its signature was. */
interface Known {
  readonly target: Target;
  readonly into: Destination;
  readonly signature: string | undefined;
}

/** A table of the set, and where its rows go. */
interface Wanted {
  readonly table: string;
  readonly keyColumns: readonly string[];
  readonly into: Destination;
}

/** The tables of the subscriber that changes go into, each described when it is first met and when it has changed. */
export class Targets {
  readonly #known = new Map<string, Known>();
  #keys = new Map<string, readonly string[]>();

  constructor(
    readonly name: SubscriptionName,
    readonly provider: Session,
    readonly subscriber: Session,
    /** Whether the session fires ordinary triggers: its role may not do otherwise. */
    readonly firesTriggers: boolean,
  ) {}

  /** The key's columns as the provider has them registered; undefined when it has no such table any more. */
  async keyColumns(table: string): Promise<readonly string[] | undefined> {
    if (!this.#keys.has(table)) {
      const tables = await providerGetTableList(this.provider, this.name.queue);
      this.#keys = new Map(tables.map(({ name, keyColumns }) => [name, keyColumns]));
    }
    return this.#keys.get(table);
  }

  /** Locks tables until the end of the transaction and returns what finds each of them; that throws for one that is not fit. */
  async get(tables: readonly Wanted[]): Promise<(table: string) => Target> {
    if (tables.length === 0) return unfit;
    const locked = await lockTargets(
      this.subscriber,
      tables.map(({ into }) => into.table),
    );
    const failures = new Map<string, unknown>();
    for (const { table, keyColumns, into } of tables) {
      const { signature: shape, problem } = locked.get(into.table) ?? {};
      const signature = JSON.stringify([shape, keyColumns]);
      const known = this.#known.get(table);
      const isKnown = shape !== undefined && known?.signature === signature;
      if (isKnown && isSameDestination(known.into, into)) continue;
      this.#known.delete(table);
      try {
        if (problem) throw asProblem(problem, this.subscriber.where);
        const target = await this.#describe({ table, keyColumns, into });
        this.#known.set(table, { target, into, signature });
      } catch (failure) {
        failures.set(table, failure);
      }
    }
    return (table) => this.#known.get(table)?.target ?? unfit(table, failures.get(table));
  }

  async #describe({ table, keyColumns, into }: Wanted): Promise<Target> {
    const shape = await describeTable(this.subscriber, into.table);
    const fault =
      shape && (triggerFault(into.table, shape, this.firesTriggers) ?? ruleFault(into.table, shape));
    if (fault) throw new LondisteError('refused', fault.what, { hint: fault.fix });
    if (shape) return new Target(into, shape, keyColumns);
    throw new LondisteError('schema', `table ${into.table} does not exist on the subscriber`, {
      hint: `create it there, or type: londiste CONFIG subscriber remove ${table}`,
    });
  }

  /** After a failure: what is remembered of the keys may be what is wrong. */
  forget(): void {
    this.#known.clear();
    this.#keys.clear();
  }
}

/** After a failure: nothing that is remembered of the tables is to be trusted. */
export async function forgetShapes({
  subscriber,
  targets,
}: Pick<Link, 'subscriber' | 'targets'>): Promise<void> {
  targets.forget();
  if (!subscriber.closed) await subscriber.forgetPrepared();
}

function asProblem(
  { message, sqlstate }: { message: string; sqlstate: string },
  where: string,
): LondisteError {
  return new LondisteError(kindOf(sqlstate), `${where}: ${message}`, { sqlstate });
}

function unfit(table: string, failure?: unknown): never {
  throw failure === undefined
    ? new LondisteError('bug', `table ${table} was not looked up`)
    : asLondisteError(failure);
}
