import type { Session } from '../db/session.js';
import type { Layout } from '../event/layout.js';
import { asLondisteError, LondisteError } from '../kernel/errors.js';
import type { KeptRows } from './kept-rows.js';
import { keyArrays, readableKey, rowArray, rowLines } from './row-text.js';
import {
  copyRows,
  createStage,
  deleteKeys,
  emptyTable,
  findKeys,
  indexStage,
  insertMissing,
  insertRows,
  rowsInArray,
  rowsInStage,
  updateRows,
} from './statement.js';
import type { RowMapping, Target, WrittenFields } from './target.js';

/**
 * How the rows that stay get in: `update` changes those that are there and inserts the others; `replace` deletes all of
 * their keys first. Only the latter never meets a unique value that another row of the batch is about to give up.
 */
export type ApplyMode = 'update' | 'replace';

/** Keys of one DELETE: beyond that its planning costs more than another round trip. */
const mostKeys = 10_000;

/** Up to here rows go as an array, in a prepared statement; more of them are worth a staging table or a COPY. */
const fewRows = 500;
const fewBytes = 256 * 1024;

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
  readonly #stageNames: () => string;
  readonly #stages = new Map<Layout, string>();
  readonly #waiting = new Map<Layout, string>();
  #missing = 0;
  #extra = 0;
  #moved = 0;

  constructor(
    subscriber: Session,
    target: Target,
    { mode, stageNames }: { mode: ApplyMode; stageNames: () => string },
  ) {
    this.#subscriber = subscriber;
    this.target = target;
    this.#mode = target.mustReplace ? 'replace' : mode;
    this.#stageNames = stageNames;
  }

  /** Whether rows wait for the end of the batch. */
  get isStaging(): boolean {
    return this.#waiting.size > 0;
  }

  get drift(): Drift {
    // A row that moved to another key by an UPDATE is rightly not there under it yet.
    return {
      table: this.target.name,
      missing: Math.max(0, this.#missing - this.#moved),
      extra: this.#extra,
    };
  }

  /** First: what a TRUNCATE took. */
  async empty(rows: KeptRows): Promise<void> {
    if (!rows.truncated) return;
    await this.#run(emptyTable(this.target));
    for (const stage of this.#waiting.values()) await this.#run(`truncate ${stage}`);
    this.#missing = 0;
    this.#moved = 0;
  }

  /** Then, for all tables: keys that are gone. `isLast` when no other chunk of the batch follows. */
  async deleteGone(rows: KeptRows, isLast: boolean): Promise<void> {
    this.#moved += rows.moved;
    if (this.isStaging || (!isLast && !this.target.isKeyAlone)) {
      await this.#deleteTouched(rows, rows.gone().concat(rows.rows()));
      return;
    }
    const { expected, fresh } = split(rows, rows.gone());
    await this.#miss(rows, expected, await this.#delete(this.target.name, rows, expected));
    // Inserted and deleted within the batch: the key is not there, unless it was left over.
    await this.#delete(this.target.name, rows, fresh);
    if (this.#mode === 'replace' && !rows.truncated) await this.#deleteTouched(rows, rows.rows());
  }

  /** Last, for all tables: the rows that stay. */
  async write(rows: KeptRows, isLast: boolean): Promise<void> {
    const mustWait = this.isStaging || (!isLast && !this.target.isKeyAlone);
    const kept = rows.rows();
    const { layout } = rows;
    if (layout === undefined || kept.length === 0) return;
    const write = new Rows(rows, kept, this.target.mapping(layout));
    if (mustWait) await this.#stage(write, layout, this.#waiting);
    else if (this.#mode === 'replace') await this.#insertAll(write);
    else await this.#writeEach(write, layout);
  }

  /** At the end of the batch: the rows that had to wait. */
  async finish(): Promise<void> {
    for (const [layout, stage] of this.#waiting) {
      const waiting = await this.#subscriber.one<{ rows: number }>(`select count(*) as rows from ${stage}`);
      const insert = insertRows(this.target, this.target.mapping(layout), rowsInStage(this.target, stage));
      this.#require(await this.#run(insert), waiting.rows);
    }
    this.#waiting.clear();
  }

  /** Deletes keys here and among the rows that wait, and counts those that were not as expected. */
  async #deleteTouched(rows: KeptRows, kept: readonly number[]): Promise<void> {
    const { expected, fresh } = split(rows, kept);
    let found = 0;
    for (const table of [this.target.name, ...this.#waiting.values()]) {
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
      const some = expected.slice(from, from + mostKeys).map((entry) => rows.key(entry));
      const kept = await this.#prepared(findKeys(this.target), keyArrays(this.target, some));
      this.#require(some.length - kept, some.length);
    }
  }

  async #delete(table: string, rows: KeptRows, kept: readonly number[]): Promise<number> {
    let deleted = 0;
    for (let from = 0; from < kept.length; from += mostKeys) {
      const some = kept.slice(from, from + mostKeys).map((entry) => rows.key(entry));
      deleted += await this.#prepared(deleteKeys(this.target, table), keyArrays(this.target, some));
    }
    return deleted;
  }

  /** Rows that are there are updated, others inserted; what is not as the events say is healed and counted. */
  async #writeEach(all: Rows, layout: Layout): Promise<void> {
    const { present, absent } = all.split();
    if (present.isFew) {
      const missing = present.count - (await this.#array(updateRows, present));
      if (missing > 0) this.#require(await this.#array(insertMissing, present), missing);
      this.#missing += missing;
    } else {
      const stage = await this.#stage(present, layout, this.#stages);
      const source = rowsInStage(this.target, stage);
      const missing = present.count - (await this.#run(updateRows(this.target, present.mapping, source)));
      if (missing > 0)
        this.#require(await this.#run(insertMissing(this.target, present.mapping, source)), missing);
      this.#missing += missing;
      await this.#run(`truncate ${stage}`);
    }
    if (!absent.isFew) {
      // Where a key is there all the same, the whole batch is done again with every key deleted first.
      await this.#insertAll(absent);
      return;
    }
    const extra = absent.count - (await this.#array(insertMissing, absent));
    if (extra > 0) this.#require(await this.#array(updateRows, absent), absent.count);
    this.#extra += extra;
  }

  /** What neither was there nor could be put there is held off by a rule or a trigger. */
  #require(written: number, expected: number): void {
    if (written === expected) return;
    throw new LondisteError(
      'refused',
      `${expected - written} rows could not be written or deleted: something on the subscriber holds them off`,
      {
        hint: `look at the rules, row security and ENABLE ALWAYS triggers of ${this.target.name} there`,
      },
    );
  }

  async #insertAll(rows: Rows): Promise<void> {
    const written = rows.isFew
      ? await this.#array(insertRows, rows)
      : await this.#copy(rows, this.target.name, rows.mapping.inserted);
    this.#require(written, rows.count);
  }

  async #array(
    statement: (target: Target, mapping: RowMapping, source: { sql: string }) => string,
    { rows, kept, mapping, count }: Rows,
  ): Promise<number> {
    if (count === 0) return 0;
    return this.#prepared(statement(this.target, mapping, rowsInArray(this.target)), [
      rowArray(rows, kept, mapping),
    ]);
  }

  /** Puts rows into the staging table of their layout, which is made when it is first needed. */
  async #stage(rows: Rows, layout: Layout, stages: Map<Layout, string>): Promise<string> {
    let stage = stages.get(layout);
    if (stage === undefined) {
      stage = this.#stageNames();
      await this.#run(createStage(this.target, rows.mapping, stage));
      if (stages === this.#waiting) await this.#run(indexStage(this.target, stage));
      stages.set(layout, stage);
    }
    if (rows.count > 0) await this.#copy(rows, stage, rows.mapping.staged);
    return stage;
  }

  async #copy({ rows, kept }: Rows, table: string, fields: WrittenFields): Promise<number> {
    try {
      return await this.#subscriber.copyIn(copyRows(fields, table), rowLines(rows, kept, fields));
    } catch (thrown) {
      throw withKey(asLondisteError(thrown), rows, kept);
    }
  }

  #run(sql: string): Promise<number> {
    return this.#subscriber.execute(sql);
  }

  #prepared(sql: string, values: readonly string[]): Promise<number> {
    return this.#subscriber.executePrepared(sql, values);
  }
}

/** Rows of one chunk, by their entries. */
class Rows {
  constructor(
    readonly rows: KeptRows,
    readonly kept: readonly number[],
    readonly mapping: RowMapping,
  ) {}

  get count(): number {
    return this.kept.length;
  }

  get isFew(): boolean {
    if (this.count > fewRows) return false;
    return this.kept.reduce((sum, entry) => sum + this.rows.imageLength(entry), 0) <= fewBytes;
  }

  /** Those that should be on the subscriber already, and the others. */
  split(): { present: Rows; absent: Rows } {
    const { expected, fresh } = split(this.rows, this.kept);
    return {
      present: new Rows(this.rows, expected, this.mapping),
      absent: new Rows(this.rows, fresh, this.mapping),
    };
  }
}

function split(rows: KeptRows, kept: readonly number[]): { expected: number[]; fresh: number[] } {
  const expected: number[] = [];
  const fresh: number[] = [];
  for (const entry of kept) (rows.isExpected(entry) ? expected : fresh).push(entry);
  return { expected, fresh };
}

/** COPY says which line it refused. */
function withKey(error: LondisteError, rows: KeptRows, kept: readonly number[]): LondisteError {
  const where = (error.cause as { where?: string } | undefined)?.where;
  const line = /, \D*(\d+)/.exec(where ?? '')?.[1];
  const entry = line === undefined ? undefined : kept[Number(line) - 1];
  return entry === undefined ? error : error.at(readableKey(rows.key(entry)));
}
