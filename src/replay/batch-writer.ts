import { asLondisteError } from '../kernel/errors.js';
import type { Destination } from '../londiste/destination.js';
import type { Chunk } from './collect.js';
import type { KeptRows } from './kept-rows.js';
import type { Link } from './link.js';
import type { Plan } from './plan.js';
import { TableWriter, type Drift } from './table-writer.js';

/**
 * Writes a batch, chunk by chunk, inside the caller's transaction. In each chunk all tables are emptied, then all
 * deletes done, then rows written: what stands at any moment is a subset of the final state.
 */
export class BatchWriter {
  readonly #destinations: Destinations;
  readonly #link: Pick<Link, 'subscriber' | 'targets'>;
  readonly #plan: Plan;
  readonly #writers = new Map<string, TableWriter>();
  #stages = 0;
  #staged = 0;

  constructor(link: Pick<Link, 'subscriber' | 'targets'>, plan: Plan, destinations: Destinations) {
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

  async #work(changes: readonly KeptRows[]): Promise<Work[]> {
    const { subscriber, targets } = this.#link;
    const fresh = changes.filter(({ table }) => !this.#writers.has(table));
    const found = await targets.get(
      fresh.map(({ table, keyColumns }) => ({
        table,
        keyColumns,
        into: this.#destinations.destinationOf(table),
      })),
    );
    for (const { table } of fresh) {
      const target = await naming(table, () => found(table));
      const stageName = (): string => `pg_temp.londiste_stage_${(this.#stages += 1)}`;
      this.#writers.set(
        table,
        new TableWriter(subscriber, target, {
          mode: this.#plan.modeOf(table),
          isSearching: this.#plan.isSearching(table),
          stageName,
        }),
      );
    }
    return changes.flatMap((rows) => {
      const writer = this.#writers.get(rows.table);
      return writer ? [{ writer, rows }] : [];
    });
  }
}

/** Knows where the rows of a table go. */
export interface Destinations {
  destinationOf(table: string): Destination;
}

interface Work {
  readonly writer: TableWriter;
  readonly rows: KeptRows;
}

async function each(
  work: readonly Work[],
  step: (writer: TableWriter, rows: KeptRows) => Promise<void>,
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
