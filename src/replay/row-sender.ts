import type { Session } from '../db/session.js';
import { LondisteError } from '../kernel/errors.js';
import { searchByHalves } from './row-search.js';
import { readableKey, rowArray, type Images } from './row-text.js';
import type { Rows } from './rows.js';
import { copyInto } from './stages.js';
import { insertRows, rowsInArray } from './statement.js';
import type { RowMapping, Target } from './target.js';

/** Sends rows of one table to the server, inside statements or by COPY. */
export class RowSender {
  /** Whether the row that a statement fails for is searched for. */
  readonly isSearching: boolean;
  readonly #subscriber: Session;
  readonly #target: Target;

  constructor(subscriber: Session, target: Target, isSearching: boolean) {
    this.#subscriber = subscriber;
    this.#target = target;
    this.isSearching = isSearching;
  }

  async insertAll(rows: Rows<Images>): Promise<void> {
    const written = rows.isFew
      ? await this.array(insertRows, rows)
      : await copyInto(this.#subscriber, rows, this.#target.name, rows.mapping.inserted);
    this.require(written, rows.count);
  }

  /** Runs a statement whose only parameter is an array of the rows. */
  async array(
    statement: (target: Target, mapping: RowMapping, source: { sql: string }) => string,
    { rows, kept, mapping, count }: Rows<Images>,
  ): Promise<number> {
    if (count === 0) return 0;
    const sql = statement(this.#target, mapping, rowsInArray(this.#target));
    return this.each(rows, kept, (some) =>
      this.#subscriber.executePrepared(sql, [rowArray(rows, some, mapping)]),
    );
  }

  /** Runs a statement over all entries at once; after a failure of the table so that the row at fault is found. */
  each(
    rows: Images,
    kept: readonly number[],
    run: (some: readonly number[]) => Promise<number>,
  ): Promise<number> {
    if (!this.isSearching) return run(kept);
    const keyOf = (entry: number): string => readableKey(rows.key(entry));
    return searchByHalves(this.#subscriber, kept, { run, keyOf });
  }

  /** What neither was there nor could be put there is held off by a rule or a trigger. */
  require(written: number, expected: number): void {
    if (written === expected) return;
    throw new LondisteError(
      'refused',
      `${expected - written} rows could not be written or deleted: something on the subscriber holds them off`,
      {
        hint: `look at the rules, row security and ENABLE ALWAYS triggers of ${this.#target.name} there`,
      },
    );
  }
}
