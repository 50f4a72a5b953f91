/** What a ticker's next wait is made of, in milliseconds. */
export interface Wait {
  /** Before the next look. */
  readonly pauseMs: number;
  /** For how long there have been no events. */
  readonly quietMs: number;
}

/**
 * Milliseconds from a tick to the next look, per event that the tick closed, and its bounds. A batch costs replay and
 * both servers some milliseconds of work whatever is in it. The least bounds how much of the machine small batches may
 * take, and is what a change waits for when others come shortly before; the most is what a change waits for under load,
 * where a batch every tenth of a second costs next to nothing.
 */
const perEventMs = 2;
const leastMs = 20;
const mostMs = 100;

/** After a quiet time, looks come at intervals of a tenth of it. */
const shareOfQuiet = 0.1;
const leastPauseMs = 5;

/**
 * When a ticker looks: soon after a tick that closed few events, later after one that closed many, and the rarer the
 * longer there have been none, up to `loopDelayMs`.
 */
export class Pace {
  readonly #loopDelayMs: number;
  #eventsAt: number;
  #pauseMs: number | undefined;

  constructor(loopDelayMs: number, now: number) {
    this.#loopDelayMs = loopDelayMs;
    this.#eventsAt = now;
  }

  /** Told when there was a tick, and of how many events. Those of an empty queue's tick do not hasten the next look. */
  ticked(events: number, now: number): void {
    if (events === 0) return;
    this.#eventsAt = now;
    this.#pauseMs = Math.min(Math.max(events * perEventMs, leastMs), mostMs);
  }

  next(now: number): Wait {
    const quietMs = Math.max(now - this.#eventsAt, 0);
    const pauseMs = this.#pauseMs ?? Math.max(quietMs * shareOfQuiet, leastPauseMs);
    this.#pauseMs = undefined;
    return { pauseMs: Math.min(pauseMs, this.#loopDelayMs), quietMs };
  }
}
