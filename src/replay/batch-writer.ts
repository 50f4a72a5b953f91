import { asLondisteError, LondisteError } from '../kernel/errors.js';
import type { Destination } from '../londiste/destination.js';
import { BagWriter } from './bag-writer.js';
import type { Chunk } from './collect.js';
import { KeptBag } from './kept-bag.js';
import type { Kept } from './kept.js';
import type { Link } from './link.js';
import type { Plan } from './plan.js';
import type { Target } from './target.js';
import { TableWriter, type Drift } from './table-writer.js';

/** What writes one table's part of a batch. */
interface ChangeWriter {
  readonly isStaging: boolean;
  readonly drift: Drift;
  empty(rows: Kept): Promise<void>;
  deleteGone(rows: Kept, isLast: boolean): Promise<void>;
  write(rows: Kept, isLast: boolean): Promise<void>;
  finish(): Promise<void>;
}

/**
 * Writes a batch, chunk by chunk, inside the caller's transaction. In each chunk all tables are emptied, then all
 * deletes done, then rows written: what stands at any moment is a subset of the final state. (In a table without a key
 * that no index constrains nothing stands in anybody's way: rows leave it last.)
 */
export class BatchWriter {
  readonly #destinations: Destinations;
  readonly #link: Pick<Link, 'subscriber' | 'targets'>;
  readonly #plan: Plan;
  readonly #stagePrefix: string;
  readonly #writers = new Map<string, ChangeWriter>();
  #stages = 0;
  #staged = 0;

  /** Two writers of one transaction need different prefixes for their temporary tables. */
  constructor(
    link: Pick<Link, 'subscriber' | 'targets'>,
    plan: Plan,
    destinations: Destinations,
    stagePrefix = 'stage',
  ) {
    this.#stagePrefix = stagePrefix;
    this.#destinations = destinations;
    this.#link = link;
    this.#plan = plan;
  }

  /** How many tables had rows wait for the end of the batch. */
  get staged(): number {
    return this.#staged;
  }

  async apply(chunk: Chunk): Promise<void> {
    const work = await this.#work([...chunk.tables.values()]);
    await each(work, (writer, rows) => writer.empty(rows));
    await each(work, (writer, rows) => writer.deleteGone(rows, chunk.isLast));
    await each(work, (writer, rows) => writer.write(rows, chunk.isLast));
  }

  /** Writes the rows that had to wait; returns the tables that were not what the provider took them for. */
  async finish(): Promise<readonly Drift[]> {
    for (const [table, writer] of this.#writers) {
      if (!writer.isStaging) continue;
      this.#staged += 1;
      await naming(table, () => writer.finish());
    }
    return [...this.#writers]
      .map(([table, writer]) => ({ ...writer.drift, table }))
      .filter(({ missing, extra }) => missing > 0 || extra > 0);
  }

  async #work(changes: readonly Kept[]): Promise<Work[]> {
    const { targets } = this.#link;
    const fresh = changes.filter(({ table }) => !this.#writers.has(table));
    const found = await targets.get(
      fresh.map(({ table, keyColumns }) => ({
        table,
        keyColumns,
        into: this.#destinations.destinationOf(table),
      })),
    );
    for (const rows of fresh) {
      const target = await naming(rows.table, () => found(rows.table));
      this.#writers.set(rows.table, this.#writerOf(rows, target));
    }
    return changes.flatMap((rows) => {
      const writer = this.#writers.get(rows.table);
      if (writer && writer instanceof BagWriter !== rows instanceof KeptBag) throw keyHasChanged(rows.table);
      return writer ? [{ writer, rows }] : [];
    });
  }

  #writerOf({ table }: Kept, target: Target): ChangeWriter {
    const options = {
      mode: this.#plan.modeOf(table),
      isSearching: this.#plan.isSearching(table),
      stageName: (): string => `pg_temp.londiste_${this.#stagePrefix}_${(this.#stages += 1)}`,
    };
    const { subscriber } = this.#link;
    return target.key.length === 0
      ? new BagWriter(subscriber, target, options)
      : new TableWriter(subscriber, target, options);
  }
}

/** It left the set and came back, and what is known here is partly older than that. */
function keyHasChanged(table: string): LondisteError {
  return new LondisteError('schema', `the key of table ${table} changed within a batch`).of(table);
}

/** Knows where the rows of a table go. */
export interface Destinations {
  destinationOf(table: string): Destination;
}

interface Work {
  readonly writer: ChangeWriter;
  readonly rows: Kept;
}

async function each(
  work: readonly Work[],
  step: (writer: ChangeWriter, rows: Kept) => Promise<void>,
): Promise<void> {
  for (const { writer, rows } of work) await naming(rows.table, () => step(writer, rows));
}

/** A failure of one table's statements, with the table's name. */
async function naming<T>(table: string, work: () => T | Promise<T>): Promise<T> {
  try {
    return await work();
  } catch (error) {
    throw asLondisteError(error).of(table);
  }
}
