import { parseConninfo } from '../config/conninfo.js';
import type { ServerSettings } from '../config/load.js';
import type { ConnectSettings } from '../db/session.js';
import { isStopped, sleep } from '../kernel/clock.js';
import { asLondisteError, LondisteError } from '../kernel/errors.js';
import type { Log } from '../kernel/log.js';
import { explain } from '../kernel/service.js';
import { findDatabases } from '../ticker/databases.js';
import { Statistics } from '../ticker/statistics.js';
import { DatabaseTicker } from './database-ticker.js';
import type { DaemonContext } from './replay.js';
import { openAs, type TickerTimes } from './ticker.js';

/** What the ticker daemon of several databases of one server needs to know. */
export interface ServerTickerSettings extends TickerTimes {
  readonly server: ServerSettings;
}

interface Served {
  readonly ticker: DatabaseTicker;
  readonly stop: AbortController;
  readonly ended: Promise<void>;
}

/**
 * Ticks and maintenance of the listed databases of a server, or of all, until stopped. Databases that come are taken up,
 * and those that go are left, at every look; what fails in one of them holds up no other.
 *
 * @throws LondisteError when nothing at all can be reached at the start.
 */
export async function runServerTicker(settings: ServerTickerSettings, context: DaemonContext): Promise<void> {
  await new ServerTicker(settings, context).run();
}

class ServerTicker {
  readonly #settings: ServerTickerSettings;
  readonly #context: DaemonContext;
  readonly #log: Log;
  readonly #served = new Map<string, Served>();
  readonly #forbidden = new Set<string>();
  #problem: LondisteError | undefined;

  constructor(settings: ServerTickerSettings, context: DaemonContext) {
    this.#settings = settings;
    this.#context = context;
    this.#log = context.log;
  }

  async run(): Promise<void> {
    const { stop, ready, reloaded, isReload = false } = this.#context;
    const { server, statsPeriodMs = 30_000 } = this.#settings;
    const statistics = new Statistics(this.#log, statsPeriodMs);
    const isListed = server.databases.length > 0;
    this.#log.info(isListed ? `serving ${server.databases.join(', ')}` : 'auto-detecting dbs ...');
    let wanted = isListed ? server.databases : await (isReload ? this.#findAgain([]) : this.#find());
    if (isListed && !isReload) await this.#requireOne();
    ready();
    const reminding = this.#remindAgainAndAgain(statistics, statsPeriodMs);
    while (!isStopped(stop)) {
      this.#serve(wanted, statistics);
      if (reloaded) await reloaded.wait(server.checkPeriodMs, stop);
      else await sleep(server.checkPeriodMs, stop);
      if (!isListed && !isStopped(stop)) wanted = await this.#findAgain(wanted);
    }
    for (const one of this.#served.values()) one.stop.abort();
    await Promise.all([reminding, ...[...this.#served.values()].map(({ ended }) => ended)]);
  }

  /** The databases of the server that we may connect to. */
  async #find(): Promise<string[]> {
    const { server, jobName } = this.#settings;
    await using session = await openAs('check', { jobName, database: this.#at(server.initialDatabase) });
    const found = await findDatabases(session);
    for (const { name, mayConnect } of found) {
      if (mayConnect) this.#forbidden.delete(name);
      else if (!this.#forbidden.has(name)) {
        this.#forbidden.add(name);
        this.#log.warn({ database: name }, 'no right to connect, ignoring');
      }
    }
    return found.filter(({ mayConnect }) => mayConnect).map(({ name }) => name);
  }

  /** As `#find`; where that fails, what was found before. */
  async #findAgain(before: readonly string[]): Promise<readonly string[]> {
    try {
      const found = await this.#find();
      if (this.#problem) this.#log.info('looking for databases works again');
      this.#problem = undefined;
      return found;
    } catch (thrown) {
      const error = asLondisteError(thrown);
      if (error.message !== this.#problem?.message) this.#tellProblem(error);
      this.#problem = error;
      return before;
    }
  }

  #tellProblem(error: LondisteError): void {
    this.#log.error(explain(error), `looking for databases: ${error.message}`);
  }

  /** A list of which nothing can be reached is told to whoever starts; what can be reached later is only waited for. */
  async #requireOne(): Promise<void> {
    const { server, jobName } = this.#settings;
    const faults = await Promise.all(
      server.databases.map(async (name) => {
        try {
          await (await openAs('start', { jobName, database: this.#at(name) })).end();
          return undefined;
        } catch (thrown) {
          return asLondisteError(thrown);
        }
      }),
    );
    const told = faults.filter((fault) => fault !== undefined);
    const [first] = told;
    if (first === undefined || told.length < faults.length) return;
    const messages = told.map(({ message }) => message);
    throw new LondisteError(first.kind, messages.join('\n'), { hint: first.hint, cause: first });
  }

  #serve(wanted: readonly string[], statistics: Statistics): void {
    for (const [name, { stop }] of this.#served) {
      if (wanted.includes(name) || stop.signal.aborted) continue;
      this.#log.info({ database: name }, 'Unregister database');
      stop.abort();
    }
    for (const name of wanted) if (!this.#served.has(name)) this.#start(name, statistics);
  }

  #start(name: string, statistics: Statistics): void {
    const { server, ...times } = this.#settings;
    const { checkPeriodMs, connectionLifetimeMs, databases } = server;
    const ticker = new DatabaseTicker({
      times,
      database: this.#at(name),
      checkPeriodMs,
      connectionLifetimeMs,
      isListed: databases.length > 0,
      log: this.#log,
      statistics,
    });
    const stop = new AbortController();
    // Once it has ended, by itself or by us, the name is free for a new database of that name.
    const ended = ticker.run(stop.signal).finally(() => this.#served.delete(name));
    this.#served.set(name, { ticker, stop, ended });
  }

  async #remindAgainAndAgain(statistics: Statistics, periodMs: number): Promise<void> {
    const { stop } = this.#context;
    while (periodMs > 0 && !isStopped(stop)) {
      await sleep(periodMs, stop);
      if (isStopped(stop)) return;
      statistics.tellWhenDue();
      if (this.#problem) this.#tellProblem(this.#problem);
      for (const { ticker } of this.#served.values()) ticker.remind();
    }
  }

  #at(database: string): ConnectSettings {
    return parseConninfo(this.#settings.server.connstr, process.env, database);
  }
}
