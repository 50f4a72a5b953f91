import type { Session } from '../db/session.js';
import { sleep } from '../kernel/clock.js';
import type { Log } from '../kernel/log.js';
import { keepRunning, type Service } from '../kernel/service.js';
import { tap } from '../kernel/tap.js';
import { announceTicker, ticker, tickWhenDue, type Ticked } from '../pgq/ticker.js';
import { openUntil, type Connect } from './connect.js';
import { Pace, type Wait } from './pace.js';
import { Readiness } from './readiness.js';

/** Milliseconds for which the server is asked to wait at most: a stop waits for that too. */
const patienceMs = 400;

/** Milliseconds between lines of statistics. */
const statisticsMs = 30_000;

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
}

/**
 * Serves all queues of one database. It looks often while there are ticks to take and ever less often while there are
 * none, waits for a schema or a queue that is still to be made, and connects again when the connection is lost.
 */
export class Ticker implements Service {
  readonly name = 'ticker';
  readonly #connect: Connect;
  readonly #log: Log;
  readonly #loopDelayMs: number;

  constructor({ connect, log, loopDelayMs = 100 }: TickerOptions) {
    this.#connect = connect;
    this.#log = log;
    this.#loopDelayMs = loopDelayMs;
  }

  run(stop: AbortSignal): Promise<void> {
    return keepRunning({ name: this.name, log: this.#log }, stop, (healthy) => this.#serve(stop, healthy));
  }

  async #serve(stop: AbortSignal, healthy: () => void): Promise<void> {
    await using session = await openUntil(stop, this.#connect, this.#log);
    const readiness = new Readiness(session, this.#log);
    if (!(await readiness.waitForSchema(stop))) return;
    await announceTicker(session);

    const pace = new Pace(this.#loopDelayMs, performance.now());
    const statistics = new Statistics(this.#log);
    while (!stop.aborted) {
      const { ticks, events } = await this.#look(session, pace.next(performance.now()), stop);
      healthy();
      if (ticks === 0) {
        await readiness.sayWhenThereIsNoQueue();
        continue;
      }
      await tap('ticker.ticked');
      pace.ticked(events, performance.now());
      statistics.add(ticks, events);
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

/** Counts ticks and the events that they closed, and logs them now and then if there were any. */
class Statistics {
  #ticks = 0;
  #events = 0;
  #since = Date.now();

  constructor(readonly log: Log) {}

  add(ticks: number, events: number): void {
    this.#ticks += ticks;
    this.#events += events;
    const elapsed = Date.now() - this.#since;
    if (elapsed < statisticsMs) return;
    this.log.info(
      { ticks: this.#ticks, events: this.#events, seconds: Math.round(elapsed / 1000) },
      'ticker',
    );
    this.#ticks = 0;
    this.#events = 0;
    this.#since = Date.now();
  }
}
