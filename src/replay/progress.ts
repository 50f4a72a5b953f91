import type { Log } from '../kernel/log.js';
import type { Batch } from './take.js';

/** Replay is behind when the tick that opens its batch is older than this, in milliseconds. */
const behindAfterMs = 5_000;

/** How often it says so, in milliseconds. */
const sayEveryMs = 10_000;

/** Says, while replay is behind, how far, how fast it is, and when it will have caught up. */
export class Progress {
  readonly #log: Log;
  readonly #now: () => number;
  #since: number | undefined;
  #saidAt = 0;
  #events = 0;
  /** The event sequence at which the batch begins, and how many of its events are applied. */
  #batch: { readonly from: number; done: number } | undefined;

  constructor(log: Log, now: () => number = Date.now) {
    this.#log = log;
    this.#now = now;
  }

  /** `events` of a batch were applied. */
  applied({ from, to, head }: Batch, events: number): void {
    const now = this.#now();
    if (this.#batch?.from !== from.eventSeq) this.#batch = { from: from.eventSeq, done: 0 };
    this.#batch.done += events;
    const behindMs = now - Date.parse(from.tickTime);
    if (behindMs < behindAfterMs) return;
    this.#since ??= now;
    if (this.#saidAt === 0) this.#saidAt = this.#since;
    this.#events += events;
    if (now - this.#saidAt < sayEveryMs) return;

    const rate = this.#events / ((now - this.#saidAt) / 1000);
    // Events by the sequence, which others draw from too: an upper bound, as is the part of this batch.
    const left = Math.max(
      0,
      head.eventSeq - from.eventSeq - Math.min(this.#batch.done, to.eventSeq - from.eventSeq),
    );
    this.#log.info(
      { events: left, seconds: Math.round(behindMs / 1000), eventsPerSecond: Math.round(rate) },
      `behind by ${left} events, ${duration(behindMs / 1000)}; replaying ${Math.round(rate)} events/s, ` +
        (rate > 0 ? `caught up in about ${duration(left / rate)}` : 'no end in sight'),
    );
    this.#saidAt = now;
    this.#events = 0;
  }

  /** There is no batch left. */
  caughtUp(): void {
    if (this.#since !== undefined && this.#saidAt > this.#since) {
      const seconds = (this.#now() - this.#since) / 1000;
      this.#log.info(`caught up after ${duration(seconds)}`);
    }
    this.#since = undefined;
    this.#saidAt = this.#events = 0;
    this.#batch = undefined;
  }
}

/** Seconds as people read them: `45 s`, `3 min 20 s`, `2 h 5 min`. */
export function duration(seconds: number): string {
  const whole = Math.round(seconds);
  if (whole < 60) return `${whole} s`;
  if (whole < 3600) return `${Math.floor(whole / 60)} min ${whole % 60} s`;
  return `${Math.floor(whole / 3600)} h ${Math.floor((whole % 3600) / 60)} min`;
}
