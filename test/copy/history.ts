import { Snapshot } from '../../src/table/snapshot.js';

/** What a transaction says that it has done to a key: the whole row, or that there is none any more. */
export interface ModelEvent {
  readonly transaction: number;
  readonly key: number;
  readonly value: number | undefined;
}

/** A version of a row, where it lies and who has made and replaced it. */
interface Version {
  readonly key: number;
  readonly value: number;
  block: number;
  readonly madeBy: number;
  replacedBy: number | undefined;
}

export const keyCount = 8;
export const blockCount = 4;

/**
 * A provider in memory: transactions that overlap, each change of a row under the row's lock, versions of rows in blocks,
 * snapshots, and the events that capture writes, in the order of the changes.
 */
export class History {
  readonly events: ModelEvent[] = [];
  readonly #random: (below: number) => number;
  readonly #versions: Version[] = [];
  readonly #running: { readonly id: number; readonly locks: Set<number> }[] = [];
  readonly #aborted = new Set<number>();
  #next = 10;
  #value = 0;

  constructor(random: (below: number) => number) {
    this.#random = random;
    for (let key = 0; key < keyCount; key += 2)
      this.#versions.push({
        key,
        value: --this.#value,
        block: random(blockCount),
        madeBy: 1,
        replacedBy: undefined,
      });
    this.#value = 0;
  }

  /** Something happens: a transaction begins, changes a row, ends. */
  step(): void {
    const what = this.#random(10);
    const one = this.#running[this.#random(Math.max(1, this.#running.length))];
    if (one === undefined || (what < 2 && this.#running.length < 4)) {
      this.#running.push({ id: this.#next++, locks: new Set() });
    } else if (what < 4) {
      this.#running.splice(this.#running.indexOf(one), 1);
      if (this.#random(6) === 0) this.#abort(one.id);
    } else {
      this.#change(one);
    }
  }

  #change(transaction: { readonly id: number; readonly locks: Set<number> }): void {
    const key = this.#random(keyCount);
    // Whoever finds a row locked waits; here it does something else.
    if (this.#running.some((other) => other !== transaction && other.locks.has(key))) return;
    transaction.locks.add(key);
    const { id } = transaction;
    const now = this.#versions.find((version) => version.key === key && version.replacedBy === undefined);
    const isGone = now !== undefined && this.#random(3) === 0;
    if (now) now.replacedBy = id;
    const value = isGone ? undefined : ++this.#value;
    if (value !== undefined)
      this.#versions.push({
        key,
        value,
        block: this.#random(blockCount),
        madeBy: id,
        replacedBy: undefined,
      });
    this.events.push({ transaction: id, key, value });
  }

  #abort(id: number): void {
    this.#aborted.add(id);
    for (const version of this.#versions) if (version.replacedBy === id) version.replacedBy = undefined;
    for (let n = this.#versions.length - 1; n >= 0; n -= 1)
      if (this.#versions[n]?.madeBy === id) this.#versions.splice(n, 1);
    for (let n = this.events.length - 1; n >= 0; n -= 1)
      if (this.events[n]?.transaction === id) this.events.splice(n, 1);
  }

  /** As VACUUM FULL does: rows come into other blocks, and nobody is told. Waits for all transactions. */
  rewrite(): void {
    this.#running.length = 0;
    for (const version of this.#versions) version.block = this.#random(blockCount);
  }

  snapshot(): Snapshot {
    const running = this.#running.map(({ id }) => id).sort((a, b) => a - b);
    return Snapshot.parse(`${running[0] ?? this.#next}:${this.#next}:${running.join(',')}`);
  }

  /** The rows that a snapshot sees, of some keys or blocks. */
  rows(
    at: Snapshot,
    isIn: (row: { key: number; block: number }) => boolean = () => true,
  ): Map<number, number> {
    const seen = this.#versions.filter(
      (version) =>
        at.sees(version.madeBy) &&
        !(version.replacedBy !== undefined && at.sees(version.replacedBy)) &&
        isIn(version),
    );
    return new Map(seen.map(({ key, value }) => [key, value]));
  }

  /** The events in one snapshot and not in another, in order. */
  between(from: Snapshot, to: Snapshot): ModelEvent[] {
    return this.events.filter(({ transaction: x }) => to.sees(x) && !from.sees(x));
  }
}
