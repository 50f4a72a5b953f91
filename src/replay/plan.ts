import type { LondisteError } from '../kernel/errors.js';
import type { ApplyMode } from './table-writer.js';

/** How long a table whose rows hand on unique values is written by deleting all keys first, in milliseconds. */
const rememberMs = 10 * 60_000;

/** SQLSTATEs of a unique value, or a range, that another row still has. */
const conflicts: ReadonlySet<string | undefined> = new Set(['23505', '23P01']);

/**
 * How each table of a batch is written. The first try updates rows where they are. What fails by a table's fault rolls the
 * whole transaction back, and the batch is read and applied again: with that table's keys deleted first where a unique
 * value was in the way, without the table where nothing helps. So a batch that has no faults pays for no savepoint.
 */
export class Plan {
  readonly #replacing: Map<string, number>;
  readonly #triedAnew = new Set<string>();
  readonly #parked = new Map<string, LondisteError>();
  #checksAtOnce = false;

  /** `replacing` is kept from batch to batch: until when each such table is written by deleting first. */
  constructor(replacing: Map<string, number>) {
    this.#replacing = replacing;
    for (const [table, until] of replacing) if (until < Date.now()) replacing.delete(table);
  }

  modeOf(table: string): ApplyMode {
    return this.#replacing.has(table) ? 'replace' : 'update';
  }

  /** Whether the next failure of the table decides about it, and should say which row it is about. */
  isSearching(table: string): boolean {
    return this.#triedAnew.has(table);
  }

  /** Whether what is deferred to the commit is checked with each statement, so that a failure has a table. */
  get checksAtOnce(): boolean {
    return this.#checksAtOnce;
  }

  /** Tables that are left out, each with what is wrong. */
  get parked(): ReadonlyMap<string, LondisteError> {
    return this.#parked;
  }

  /** Takes a failure into account; false when trying again at once cannot help. */
  learn(error: LondisteError): boolean {
    const { table } = error;
    if (table === undefined) {
      if (!error.liesInTable || this.#checksAtOnce) return false;
      this.#checksAtOnce = true;
      return true;
    }
    if (conflicts.has(error.sqlstate) && this.modeOf(table) === 'update') {
      this.#replacing.set(table, Date.now() + rememberMs);
      return true;
    }
    if (error.tableReaction !== 'park' || this.#parked.has(table)) return false;
    if (!this.#triedAnew.has(table)) {
      // What we remember of the table, or the server's prepared statements for it, may be what is wrong.
      this.#triedAnew.add(table);
      return true;
    }
    this.#parked.set(table, error);
    return true;
  }
}
