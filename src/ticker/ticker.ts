import type { Session } from '../db/session.js';
import { Backoff } from '../kernel/backoff.js';
import { sleep } from '../kernel/clock.js';
import type { Log } from '../kernel/log.js';
import { keepRunning, type Service } from '../kernel/service.js';
import { tap } from '../kernel/tap.js';
import { announceTicker, ticker } from '../pgq/ticker.js';
import { openUntil, type Connect } from './connect.js';
import { Readiness } from './readiness.js';

/** Milliseconds to the next look while ticks are being made: what an event waits for, at most, in a busy queue. */
const busyDelayMs = 10;

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

    const idle = new Backoff({ first: Math.min(busyDelayMs, this.#loopDelayMs), most: this.#loopDelayMs });
    const statistics = new Statistics(this.#log);
    while (!stop.aborted) {
      const ticks = await tickOnce(session);
      healthy();
      statistics.add(ticks);
      if (ticks > 0) idle.reset();
      else await readiness.sayWhenThereIsNoQueue();
      await sleep(idle.next(), stop);
    }
  }
}

/** Counts ticks and looks, and logs them now and then if there were ticks. */
class Statistics {
  #ticks = 0;
  #looks = 0;
  #since = Date.now();

  constructor(readonly log: Log) {}

  add(ticks: number): void {
    this.#ticks += ticks;
    this.#looks += 1;
    const elapsed = Date.now() - this.#since;
    if (elapsed < statisticsMs) return;
    this.log[this.#ticks > 0 ? 'info' : 'debug'](
      { ticks: this.#ticks, looks: this.#looks, seconds: Math.round(elapsed / 1000) },
      'ticker',
    );
    this.#ticks = 0;
    this.#looks = 0;
    this.#since = Date.now();
  }
}
