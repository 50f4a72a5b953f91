import type { Session } from '../db/session.js';
import { sleep } from '../kernel/clock.js';
import type { Log } from '../kernel/log.js';
import { keepRunning, type Service, type ServiceFrame } from '../kernel/service.js';
import { tap } from '../kernel/tap.js';
import { announceTicker, ticker, tickWhenDue, type Ticked } from '../pgq/ticker.js';
import { Age, openUntil, type Connect, type ConnectionCare } from './connect.js';
import { Pace, type Wait } from './pace.js';
import { Readiness } from './readiness.js';
import { Statistics } from './statistics.js';

/** Milliseconds for which the server is asked to wait at most: a stop waits for that too. */
const patienceMs = 400;

/** One pass: ticks every queue that is due, and returns how many were. */
export async function tickOnce(session: Session): Promise<number> {
  const ticks = await ticker(session);
  if (ticks > 0) await tap('ticker.ticked');
  return ticks;
}

export interface TickerOptions {
  readonly connect: Connect;
  readonly log: Log;
  /** Milliseconds between looks at idle queues. */
  readonly loopDelayMs?: number;
  readonly statistics?: Statistics | undefined;
  readonly connection?: ConnectionCare | undefined;
}

/** Milliseconds between lines of statistics. */
const statisticsMs = 30_000;

/**
 * Serves all queues of one database. It looks often while there are ticks to take and ever less often while there are
 * none, waits for a schema or a queue that is still to be made, and connects again when the connection is lost.
 */
export class Ticker implements Service {
  readonly name = 'ticker';
  readonly #connect: Connect;
  readonly #log: Log;
  readonly #loopDelayMs: number;
  readonly #statistics: Statistics;
  readonly #connection: ConnectionCare;

  constructor({ connect, log, loopDelayMs = 100, statistics, connection = {} }: TickerOptions) {
    this.#connect = connect;
    this.#log = log;
    this.#loopDelayMs = loopDelayMs;
    this.#statistics = statistics ?? new Statistics(log, statisticsMs);
    this.#connection = connection;
  }

  run(stop: AbortSignal): Promise<void> {
    const frame: ServiceFrame = { name: this.name, log: this.#log, ...this.#connection.frame };
    return keepRunning(frame, stop, (healthy) => this.#serve(stop, healthy));
  }

  async #serve(stop: AbortSignal, healthy: () => void): Promise<void> {
    await using session = await openUntil(stop, this.#connect, this.#log);
    const readiness = new Readiness(session, this.#log);
    if (!(await readiness.waitForSchema(stop))) return;
    await announceTicker(session);

    const pace = new Pace(this.#loopDelayMs, performance.now());
    const { lifetimeMs, check } = this.#connection;
    const age = new Age(lifetimeMs);
    let checked = new Age(check?.everyMs);
    while (!stop.aborted && !age.isOver) {
      if (checked.isOver) {
        await check?.look(session);
        checked = new Age(check?.everyMs);
      }
      const { ticks, events } = await this.#look(session, pace.next(performance.now()), stop);
      healthy();
      if (ticks === 0) {
        await readiness.sayWhenThereIsNoQueue();
        continue;
      }
      await tap('ticker.ticked');
      pace.ticked(events, performance.now());
      this.#statistics.add({ ticks, events });
    }
  }

  /** Looks once or several times, until there was a tick. A long pause is slept here, where stop ends it. */
  async #look(session: Session, { pauseMs, quietMs }: Wait, stop: AbortSignal): Promise<Ticked> {
    const mostMs = this.#loopDelayMs;
    if (pauseMs <= patienceMs) return tickWhenDue(session, { pauseMs, quietMs, mostMs, patienceMs });
    await sleep(pauseMs, stop);
    return tickWhenDue(session, { pauseMs: 0, quietMs, mostMs, patienceMs: 0 });
  }
}
