import type { Session } from '../db/session.js';
import type { Layout } from '../event/layout.js';
import { deleteCopies, insertCopies } from './bag-statement.js';
import type { KeptBag } from './kept-bag.js';
import { whileReadingThrough } from './plans.js';
import { RowSender } from './row-sender.js';
import { rowArray } from './row-text.js';
import { Rows } from './rows.js';
import { Stages } from './stages.js';
import { rowsInArray, type RowSource } from './statement.js';
import type { Drift, TableWriterOptions } from './table-writer.js';
import type { Target } from './target.js';

/**
 * Writes the changes of one table without a key, chunk after chunk of a batch, inside the caller's transaction. Finding
 * rows means to read the table, so what goes waits in a staging table until the batch is complete and goes at once; only
 * a batch that is a single small chunk does without. Until then it may also have come: a trigger on the provider can have
 * a row's end captured before its beginning. Rows that come go in as they come, unless an index constrains the table:
 * then they wait too, and what comes and goes again never stands in the way of others.
 */
export class BagWriter {
  readonly #subscriber: Session;
  readonly #target: Target;
  readonly #sender: RowSender;
  readonly #gone: Stages;
  readonly #waiting: Stages;
  /** The layout that rows wait by: the first one's. */
  #layout: Layout | undefined;
  #missing = 0;

  constructor(
    subscriber: Session,
    target: Target,
    { isSearching, stageName }: Pick<TableWriterOptions, 'isSearching' | 'stageName'>,
  ) {
    this.#subscriber = subscriber;
    this.#target = target;
    this.#sender = new RowSender(subscriber, target, isSearching);
    this.#gone = new Stages(subscriber, target, { isIndexed: false, newName: stageName });
    this.#waiting = new Stages(subscriber, target, { isIndexed: false, newName: stageName });
  }

  /** Whether rows wait for the end of the batch. */
  get isStaging(): boolean {
    return this.#layout !== undefined;
  }

  /** Rows that were to go and were not there; one that somebody has put there is not looked for. */
  get drift(): Drift {
    return { table: this.#target.name, missing: this.#missing, extra: 0 };
  }

  /** First: what a TRUNCATE took. */
  async empty(rows: KeptBag): Promise<void> {
    if (!rows.truncated) return;
    await this.#subscriber.execute(this.#target.empty);
    await this.#gone.truncate();
    await this.#waiting.truncate();
    this.#layout = undefined;
    this.#missing = 0;
  }

  /** Then, for all tables: rows that are gone, where one could be in the way. `isLast` when no other chunk of the batch follows. */
  async deleteGone(rows: KeptBag, isLast: boolean): Promise<void> {
    if (rows.layout === undefined) return;
    await this.#settleBefore(rows.layout);
    if (!this.#target.isKeyAlone) await this.#takeAway(rows, rows.layout, isLast);
  }

  /** Last, for all tables: rows that are there now. */
  async write(rows: KeptBag, isLast: boolean): Promise<void> {
    if (rows.layout === undefined) return;
    const { layout } = rows;
    await this.#settleBefore(layout);
    const mustWait = !this.#target.isKeyAlone && (!isLast || this.isStaging);
    for (const kept of rows.rows()) {
      const all = new Rows(rows, kept, this.#target.mapping(layout));
      if (mustWait) {
        await this.#hold(this.#waiting, all, layout);
      } else {
        for (const some of this.#sender.isSearching ? all.slices() : [all])
          await this.#sender.insertAll(some);
      }
    }
    // After them: what goes may be among them in another spelling, if its column has got another type meanwhile.
    if (this.#target.isKeyAlone) await this.#takeAway(rows, layout, isLast);
  }

  /** At the end of the batch: what had to wait. */
  async finish(): Promise<void> {
    const layout = this.#layout;
    if (layout === undefined) return;
    this.#layout = undefined;
    const mapping = this.#target.mapping(layout);
    const [gone, waiting] = [inStage(this.#gone.of(layout)), inStage(this.#waiting.of(layout))];
    await whileReadingThrough(this.#subscriber, async () => {
      if (gone) this.#missing += await this.#delete(deleteCopies(this.#target, mapping, { gone, waiting }));
      if (!waiting) return;
      const { wanted, inserted } = await this.#subscriber.one<{ wanted: number; inserted: number }>(
        insertCopies(this.#target, mapping, { gone, waiting }),
      );
      this.#sender.require(inserted, wanted);
    });
    await this.#gone.truncate();
    await this.#waiting.truncate();
  }

  /** Deletes what is gone, or has it wait while there is more to come. */
  async #takeAway(rows: KeptBag, layout: Layout, isLast: boolean): Promise<void> {
    const endsBatch = isLast && !this.isStaging;
    let isMany = false;
    for (const kept of rows.gone()) {
      const some = new Rows(rows, kept, this.#target.mapping(layout));
      if (endsBatch && !isMany && some.isFew) {
        await this.#deleteFew(some);
        continue;
      }
      await this.#hold(this.#gone, some, layout);
      isMany = true;
    }
    if (endsBatch) await this.finish();
  }

  /**
   * What waits with other columns is brought to its end before rows of a layout come: once the table has changed, rows
   * that came before and after may look the same to it. Partitions may have the same columns in orders of their own.
   */
  async #settleBefore({ columns }: Layout): Promise<void> {
    if (this.#layout !== undefined && !isSameSet(this.#layout.columns, columns)) await this.finish();
  }

  /** Has rows wait with those that wait already, whose columns are the same. */
  async #hold(stages: Stages, rows: Rows<KeptBag>, layout: Layout): Promise<void> {
    this.#layout ??= layout;
    await stages.put(rows, this.#layout);
  }

  async #deleteFew({ rows, kept, mapping }: Rows<KeptBag>): Promise<void> {
    const sql = deleteCopies(this.#target, mapping, { gone: rowsInArray(this.#target) });
    await whileReadingThrough(this.#subscriber, () =>
      this.#sender.each(rows, kept, async (some) => {
        const missing = await this.#delete(sql, [rowArray(rows, some, mapping)]);
        this.#missing += missing;
        return some.length - missing;
      }),
    );
  }

  /** Returns how many rows were to be deleted and are not there. */
  async #delete(sql: string, values: readonly string[] = []): Promise<number> {
    const { wanted, found, deleted } = await this.#subscriber.one<{
      wanted: number;
      found: number;
      deleted: number;
    }>(sql, values);
    this.#sender.require(deleted, found);
    return wanted - found;
  }
}

function inStage(table: string | undefined): RowSource | undefined {
  return table === undefined ? undefined : { sql: `${table} as r` };
}

function isSameSet(one: readonly string[], other: readonly string[]): boolean {
  const names = new Set(one);
  return names.size === other.length && other.every((name) => names.has(name));
}
