import { Backoff } from '../kernel/backoff.js';
import type { SubscribedTable } from '../londiste/table-state.js';

interface Failed {
  readonly backoff: Backoff;
  readonly attempts: number;
  readonly at: number;
}

/** When a table that failed is tried again: later each time, and at once when an operator asks for a new copy. */
export class Retries {
  readonly #failed = new Map<string, Failed>();

  isDue({ name, attempts }: SubscribedTable): boolean {
    const failed = this.#failed.get(name);
    // They are counted up by every copy and set to 0 by an operator.
    if (failed && attempts < failed.attempts) this.#failed.delete(name);
    return (this.#failed.get(name)?.at ?? 0) <= Date.now();
  }

  /** `gotOn`: whether some of it came through all the same, so that the next try is not put off longer than the first. */
  failed({ name, attempts }: SubscribedTable, { gotOn }: { gotOn: boolean }): void {
    const backoff = this.#failed.get(name)?.backoff ?? new Backoff({ first: 500, most: 30_000 });
    if (gotOn) backoff.reset();
    this.#failed.set(name, { backoff, attempts, at: Date.now() + backoff.next() });
  }

  /** There is nothing to try again: the table has come through, or is parked. */
  forget({ name }: SubscribedTable): void {
    this.#failed.delete(name);
  }

  /** Forgets all others: an operator has taken them off the list, or they are parked. */
  keepOnly(tables: readonly SubscribedTable[]): void {
    const names = new Set(tables.map(({ name }) => name));
    for (const name of this.#failed.keys()) if (!names.has(name)) this.#failed.delete(name);
  }

  /** Milliseconds until the first of them is due that was not due yet at a time. */
  untilNext(lookedAt = -Infinity): number {
    const times = [...this.#failed.values()].map(({ at }) => at).filter((at) => at > lookedAt);
    return Math.max(0, Math.min(Infinity, ...times) - Date.now());
  }
}
