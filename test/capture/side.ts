/** One of the two databases that do the same: its four sessions, and one that sees who waits for whom. */
import type { ConnectSettings, Session } from '../../src/db/session.js';
import { LondisteError } from '../../src/kernel/errors.js';
import { guest } from '../support/clusters.js';
import { asSuperuser, open } from '../support/databases.js';
import type { Command } from './statements.js';
import { guestSession } from './story.js';

/** What became of a statement: its SQLSTATE, or how many rows it touched. */
export type Outcome = string;

/** How long a statement must have waited for one of our sessions: a deadlock has been found by then. */
const deadlockMs = 5;
const stableMs = 4 * deadlockMs;

export class Side {
  readonly sessions: readonly Session[];
  readonly #pids: readonly number[];
  readonly #monitor: Session;

  private constructor(
    readonly name: string,
    readonly settings: ConnectSettings,
    sessions: readonly Session[],
    pids: readonly number[],
    monitor: Session,
  ) {
    this.sessions = sessions;
    this.#pids = pids;
    this.#monitor = monitor;
  }

  static async open(name: string, settings: ConnectSettings, count: number): Promise<Side> {
    await asSuperuser(settings.port, (root) =>
      root.execute(`alter database ${settings.database} set deadlock_timeout = '${deadlockMs}ms'`),
    );
    const sessions: Session[] = [];
    const pids: number[] = [];
    for (let n = 0; n < count; n += 1) {
      const session = await open(n === guestSession ? { ...settings, user: guest } : settings, `writer ${n}`);
      sessions.push(session);
      pids.push((await session.one<{ pid: number }>('select pg_backend_pid() as pid')).pid);
    }
    return new Side(name, settings, sessions, pids, await open(settings, 'monitor'));
  }

  start(by: number, command: Command): Run {
    const session = this.sessions[by];
    const pid = this.#pids[by];
    if (!session || pid === undefined) throw new Error(`there is no session ${by}`);
    return new Run(run(session, command), (stable) => this.#waits(pid, stable));
  }

  /** Has the session's statement fail. */
  async cancel(by: number): Promise<void> {
    await this.#monitor.query('select pg_cancel_backend($1)', [this.#pids[by]]);
  }

  /** Whether the session waits for a lock of another of ours (0: of a prepared transaction), and goes on doing so. */
  async #waits(pid: number, stable: boolean): Promise<boolean> {
    for (const end = Date.now() + (stable ? stableMs : 0); ;) {
      const { waits } = await this.#monitor.one<{ waits: boolean }>(
        'select coalesce(pg_blocking_pids($1) && ($2::int[] || 0), false) as waits',
        [pid, this.#pids],
      );
      if (!waits) return false;
      if (Date.now() >= end) return true;
      await pause(deadlockMs);
    }
  }

  /** Who waits for what, for a message. */
  async locks(): Promise<string> {
    const rows = await this.#monitor.query<{ line: string }>(
      `select format('%s %s (%s) waits for %s: %s', pid, application_name, state, pg_blocking_pids(pid), left(query, 200)) as line
         from pg_stat_activity where datname = current_database() and backend_type = 'client backend'`,
    );
    return `${this.name}:\n  ${rows.map(({ line }) => line).join('\n  ')}`;
  }

  /** Also what is prepared: a story that failed leaves nothing to the next. */
  async end(): Promise<void> {
    for (const [by, session] of this.sessions.entries()) {
      await this.cancel(by);
      await session.execute('rollback').catch(() => undefined);
    }
    const left = await this.#monitor.query<{ gid: string }>(
      'select gid from pg_prepared_xacts where database = current_database()',
    );
    for (const { gid } of left) await this.#monitor.execute(`rollback prepared '${gid}'`);
    await Promise.all([...this.sessions, this.#monitor].map((session) => session.end()));
  }
}

/** A statement on one side. */
export class Run {
  outcome: Outcome | undefined;
  message = '';
  #waited = false;

  constructor(
    done: Promise<number>,
    readonly waits: (stable: boolean) => Promise<boolean>,
  ) {
    this.done = done.then(
      (rows) => {
        this.outcome = `${rows} rows`;
      },
      (error: unknown) => {
        this.outcome = error instanceof LondisteError ? (error.sqlstate ?? error.kind) : 'no error of ours';
        this.message = error instanceof Error ? error.message : String(error);
      },
    );
  }

  readonly done: Promise<void>;

  /** Waits until the statement has ended, or waits for another of our sessions: false. */
  async settled(): Promise<boolean> {
    for (const end = Date.now() + 20_000; ;) {
      await Promise.race([this.done, pause(3)]);
      if (this.outcome !== undefined) return true;
      if (await this.waits(!this.#waited)) {
        this.#waited = true;
        return false;
      }
      // It goes on: what it waits for next has to be looked at as long as before.
      this.#waited = false;
      if (Date.now() > end)
        throw new Error('a statement has neither ended nor waited for one of our sessions');
    }
  }
}

const pause = (ms: number): Promise<void> => new Promise((resolve) => setTimeout(resolve, ms));

async function run(session: Session, command: Command): Promise<number> {
  if (typeof command === 'string') return session.execute(command);
  return session.copyIn(command.copy, [Buffer.from(command.lines)]);
}
