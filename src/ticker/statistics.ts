import type { Log } from '../kernel/log.js';

/** What has been done since the last line of statistics. */
interface Counts {
  ticks: number;
  /** Events that the ticks closed. */
  events: number;
  /** Runs of maintenance. */
  maint: number;
  /** Events that were sent again. */
  retry: number;
}

const none: Counts = { ticks: 0, events: 0, maint: 0, retry: 0 };

/** Counts what tickers and maintainers do, of one database or of many, and logs it now and then if it was anything. */
export class Statistics {
  readonly #log: Log;
  readonly #periodMs: number;
  #counts: Counts = { ...none };
  #since = performance.now();

  /** `periodMs`: between two lines; 0 for none. */
  constructor(log: Log, periodMs: number) {
    this.#log = log;
    this.#periodMs = periodMs;
  }

  add(done: Partial<Counts>): void {
    for (const key of ['ticks', 'events', 'maint', 'retry'] as const) this.#counts[key] += done[key] ?? 0;
    this.tellWhenDue();
  }

  tellWhenDue(): void {
    const elapsed = performance.now() - this.#since;
    if (this.#periodMs === 0 || elapsed < this.#periodMs) return;
    if (Object.values(this.#counts).some((count) => count > 0))
      this.#log.info({ ...this.#counts, seconds: Math.round(elapsed / 1000) }, 'ticker');
    this.#counts = { ...none };
    this.#since = performance.now();
  }
}
