import type { Session } from '../db/session.js';
import type { Layout } from '../event/layout.js';
import type { KeptRows } from './kept-rows.js';
import { RowSender } from './row-sender.js';
import { keyArrays } from './row-text.js';
import { Rows, splitExpected } from './rows.js';
import { Stages } from './stages.js';
import { deleteKeys, findKeys, insertMissing, insertRows, rowsInStage, updateRows } from './statement.js';
import type { Target } from './target.js';

/**
 * How the rows that stay get in: `update` changes those that are there and inserts the others; `replace` deletes all of
 * their keys first. Only the latter never meets a unique value that another row of the batch is about to give up.
 */
export type ApplyMode = 'update' | 'replace';

/** Keys of one DELETE: beyond that its planning costs more than another round trip. */
const mostKeys = 10_000;

export interface TableWriterOptions {
  readonly mode: ApplyMode;
  /** Whether the row that a statement fails for is searched for; slower, for a table that has failed before. */
  readonly isSearching: boolean;
  /** A name for another temporary table. */
  readonly stageName: () => string;
}

/** Rows that should have been there and were not, or the reverse. Applying has healed them. */
export interface Drift {
  readonly table: string;
  readonly missing: number;
  readonly extra: number;
}

/**
 * Writes the changes of one table, chunk after chunk of a batch, inside the caller's transaction. Where the key is the
 * only constraint, what a chunk says can be done at once. Otherwise a value may be handed on between rows of different
 * chunks: then all rows that a batch touches are deleted as they come, their images wait in a staging table, and go in
 * at the end, when nothing that has to go still stands.
 */
export class TableWriter {
  readonly target: Target;
  readonly #subscriber: Session;
  readonly #mode: ApplyMode;
  readonly #sender: RowSender;
  readonly #stages: Stages;
  readonly #waiting: Stages;
  #missing = 0;
  #extra = 0;
  #moved = 0;
  #putBack = 0;

  constructor(subscriber: Session, target: Target, { mode, isSearching, stageName }: TableWriterOptions) {
    this.#subscriber = subscriber;
    this.target = target;
    this.#mode = target.mustReplace ? 'replace' : mode;
    this.#sender = new RowSender(subscriber, target, isSearching);
    this.#stages = new Stages(subscriber, target, { isIndexed: false, newName: stageName });
    this.#waiting = new Stages(subscriber, target, { isIndexed: true, newName: stageName });
  }

  /** Whether rows wait for the end of the batch. */
  get isStaging(): boolean {
    return !this.#waiting.isEmpty;
  }

  get drift(): Drift {
    // A row that moved to another key by an UPDATE is rightly not there under it yet.
    return {
      table: this.target.name,
      missing: Math.max(0, this.#missing - this.#moved),
      extra: Math.max(0, this.#extra - this.#putBack),
    };
  }

  /** First: what a TRUNCATE took. */
  async empty(rows: KeptRows): Promise<void> {
    if (!rows.truncated) return;
    await this.#run(this.target.empty);
    await this.#waiting.truncate();
    this.#missing = 0;
    this.#moved = 0;
  }

  /** Then, for all tables: keys that are gone. `isLast` when no other chunk of the batch follows. */
  async deleteGone(rows: KeptRows, isLast: boolean): Promise<void> {
    this.#moved += rows.moved;
    this.#putBack += rows.putBack;
    if (this.isStaging || (!isLast && !this.target.isKeyAlone)) {
      await this.#deleteTouched(rows, rows.gone().concat(rows.rows()));
      return;
    }
    const { expected, fresh } = splitExpected(rows, rows.gone());
    await this.#miss(rows, expected, await this.#delete(this.target.rows, rows, expected));
    // Inserted and deleted within the batch: the key is not there, unless it was left over, or is another spelling of one
    // that has a row again.
    this.#moved += await this.#delete(this.target.rows, rows, fresh);
    if (this.#mode === 'replace' && !rows.truncated) await this.#deleteTouched(rows, rows.rows());
  }

  /** Last, for all tables: the rows that stay. */
  async write(rows: KeptRows, isLast: boolean): Promise<void> {
    const mustWait = this.isStaging || (!isLast && !this.target.isKeyAlone);
    const kept = rows.rows();
    const { layout } = rows;
    if (layout === undefined || kept.length === 0) return;
    const all = new Rows(rows, kept, this.target.mapping(layout));
    if (mustWait) {
      await this.#waiting.put(all, layout);
      return;
    }
    for (const some of this.#sender.isSearching ? all.slices() : [all]) {
      if (this.#mode === 'replace') await this.#sender.insertAll(some);
      else await this.#writeEach(some, layout);
    }
  }

  /** At the end of the batch: the rows that had to wait. */
  async finish(): Promise<void> {
    for (const [layout, stage] of this.#waiting) {
      const waiting = await this.#subscriber.one<{ rows: number }>(`select count(*) as rows from ${stage}`);
      const insert = insertRows(this.target, this.target.mapping(layout), rowsInStage(this.target, stage));
      this.#sender.require(await this.#run(insert), waiting.rows);
    }
  }

  /** Deletes keys here and among the rows that wait, and counts those that were not as expected. */
  async #deleteTouched(rows: KeptRows, kept: readonly number[]): Promise<void> {
    const { expected, fresh } = splitExpected(rows, kept);
    let found = 0;
    for (const table of [this.target.rows, ...this.#waiting.tables]) {
      found += await this.#delete(table, rows, expected);
      this.#extra += await this.#delete(table, rows, fresh);
    }
    await this.#miss(rows, expected, found);
  }

  /** Counts rows that were to go and were not there, unless they still are: a trigger can keep them. */
  async #miss(rows: KeptRows, expected: readonly number[], found: number): Promise<void> {
    if (found === expected.length) return;
    this.#missing += expected.length - found;
    for (let from = 0; from < expected.length; from += mostKeys) {
      const some = expected.slice(from, from + mostKeys);
      const kept = await this.#prepared(findKeys(this.target), keyArrays(this.target, rows, some));
      this.#sender.require(some.length - kept, some.length);
    }
  }

  async #delete(table: string, rows: KeptRows, kept: readonly number[]): Promise<number> {
    let deleted = 0;
    for (let from = 0; from < kept.length; from += mostKeys) {
      deleted += await this.#sender.each(rows, kept.slice(from, from + mostKeys), (some) =>
        this.#prepared(deleteKeys(this.target, table), keyArrays(this.target, rows, some)),
      );
    }
    return deleted;
  }

  /** Rows that are there are updated, others inserted; what is not as the events say is healed and counted. */
  async #writeEach(all: Rows, layout: Layout): Promise<void> {
    const { present, absent } = all.split();
    if (present.isFew) {
      const missing = present.count - (await this.#sender.array(updateRows, present));
      if (missing > 0) this.#sender.require(await this.#sender.array(insertMissing, present), missing);
      this.#missing += missing;
    } else {
      const stage = await this.#stages.put(present, layout);
      const source = rowsInStage(this.target, stage);
      const missing = present.count - (await this.#run(updateRows(this.target, present.mapping, source)));
      if (missing > 0)
        this.#sender.require(await this.#run(insertMissing(this.target, present.mapping, source)), missing);
      this.#missing += missing;
      await this.#stages.truncate();
    }
    if (!absent.isFew) {
      // Where a key is there all the same, the whole batch is done again with every key deleted first.
      await this.#sender.insertAll(absent);
      return;
    }
    const extra = absent.count - (await this.#sender.array(insertMissing, absent));
    if (extra > 0) this.#sender.require(await this.#sender.array(updateRows, absent), absent.count);
    this.#extra += extra;
  }

  #run(sql: string): Promise<number> {
    return this.#subscriber.execute(sql);
  }

  #prepared(sql: string, values: readonly string[]): Promise<number> {
    return this.#subscriber.executePrepared(sql, values);
  }
}
