import type { ConnectSettings, Session } from '../db/session.js';
import { Backoff } from '../kernel/backoff.js';
import { isStopped, sleep } from '../kernel/clock.js';
import { asLondisteError, type LondisteError } from '../kernel/errors.js';
import type { Log } from '../kernel/log.js';
import { explain, supervise } from '../kernel/service.js';
import type { Connect, ConnectionCare } from '../ticker/connect.js';
import { lookAt, type Found } from '../ticker/databases.js';
import { Maintainer } from '../ticker/maintainer.js';
import type { Statistics } from '../ticker/statistics.js';
import { Ticker } from '../ticker/ticker.js';
import { openAs, type TickerTimes } from './ticker.js';

export interface DatabaseTickerOptions {
  readonly times: TickerTimes;
  readonly database: ConnectSettings;
  readonly checkPeriodMs: number;
  readonly connectionLifetimeMs: number;
  /** Whether the operator named it: then it is a fault that it is not there. */
  readonly isListed: boolean;
  readonly log: Log;
  readonly statistics: Statistics;
}

interface Problem {
  readonly error: LondisteError;
  readonly since: Date;
}

/**
 * One of the databases that a ticker serves: looks whether there are queues, serves them as long as there are, and looks
 * again. Whatever fails here is told and tried again here, and nowhere else.
 */
export class DatabaseTicker {
  readonly #options: DatabaseTickerOptions;
  readonly #log: Log;
  /** What does not work at present, by the part that it befell. */
  readonly #problems = new Map<string, Problem>();
  #told = '';

  constructor(options: DatabaseTickerOptions) {
    this.#options = options;
    this.#log = options.log.child({ database: options.database.database });
  }

  /** Until stopped, or until the database is gone. */
  async run(stop: AbortSignal): Promise<void> {
    const { checkPeriodMs } = this.#options;
    const backoff = new Backoff({ first: Math.min(1_000, checkPeriodMs), most: checkPeriodMs });
    while (!isStopped(stop)) {
      try {
        const found = await this.#look();
        this.#works('connecting');
        this.#tell(found);
        if (found.state === 'ready') await this.#serve(stop);
        backoff.reset();
        await sleep(checkPeriodMs, stop);
      } catch (thrown) {
        const error = asLondisteError(thrown);
        if (isStopped(stop)) return;
        if (error.kind === 'missing-database' && !this.#options.isListed) return;
        const pause = backoff.next();
        this.#fails('connecting', error, pause);
        await sleep(pause, stop);
      }
    }
  }

  /** Tells again what still fails. */
  remind(): void {
    for (const [part, { error, since }] of this.#problems) {
      const message = `${part} still fails, since ${since.toISOString()}: ${error.message}`;
      this.#log.error(explain(error), message);
    }
  }

  async #look(): Promise<Found> {
    const { times, database } = this.#options;
    await using session = await openAs('check', { jobName: times.jobName, database });
    return await lookAt(session);
  }

  #tell(found: Found): void {
    const lines: Record<Found['state'], string> = {
      ready: `pgq version ok: ${found.state === 'ready' ? found.version : ''}`,
      'no pgq': 'no pgq',
      closed: 'takes no connections any more',
      unusable: `bad pgq version, ignoring: ${found.state === 'unusable' ? found.why : ''}`,
    };
    const line = lines[found.state];
    if (line === this.#told) return;
    this.#told = line;
    if (found.state === 'no pgq') this.#log.debug(line);
    else if (found.state === 'unusable') this.#log.warn(line);
    else this.#log.info(line);
  }

  /** Ticks and maintenance until stopped, or until there is nothing to serve here any more. */
  async #serve(stop: AbortSignal): Promise<void> {
    const { times, database, checkPeriodMs, connectionLifetimeMs, statistics } = this.#options;
    const left = new AbortController();
    const look = async (session: Session): Promise<void> => {
      const found = await lookAt(session);
      if (found.state === 'ready') return;
      this.#tell(found);
      left.abort();
    };
    const connectAs =
      (purpose: string): Connect =>
      async (onNotice) => {
        const session = await openAs(purpose, { jobName: times.jobName, database }, onNotice);
        await look(session).catch(async (thrown: unknown) => {
          await session.end();
          throw thrown;
        });
        return session;
      };
    const careOf = (part: string): ConnectionCare => ({
      lifetimeMs: connectionLifetimeMs,
      frame: {
        report: (error, retryInMs) => {
          this.#fails(part, error, retryInMs);
        },
        onHealthy: () => {
          this.#works(part);
        },
      },
    });
    const { loopDelayMs, maintDelayMs, retryPeriodMs = 30_000 } = times;
    const common = { log: this.#log, statistics };
    const ticker = new Ticker({
      ...common,
      connect: connectAs('ticker'),
      loopDelayMs,
      connection: { ...careOf('ticker'), check: { everyMs: checkPeriodMs, look } },
    });
    const maintainer = new Maintainer({
      ...common,
      connect: connectAs('maintenance'),
      maintDelayMs,
      retryPeriodMs,
      connection: careOf('maintainer'),
    });
    await supervise([ticker, maintainer], AbortSignal.any([stop, left.signal]));
    this.#problems.clear();
  }

  /** The first time it is an error, and then again whenever somebody reminds us of it. */
  #fails(part: string, error: LondisteError, retryInMs: number): void {
    const known = this.#problems.get(part);
    this.#problems.set(part, { error, since: known?.since ?? new Date() });
    const level = known?.error.message === error.message ? 'debug' : 'error';
    this.#log[level]({ ...explain(error), retryInMs }, `${part}: ${error.message}`);
  }

  #works(part: string): void {
    if (this.#problems.delete(part)) this.#log.info(`${part} works again`);
  }
}
