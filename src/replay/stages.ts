import type { Session } from '../db/session.js';
import type { Layout } from '../event/layout.js';
import { asLondisteError } from '../kernel/errors.js';
import { rowLines, type Images } from './row-text.js';
import type { Rows } from './rows.js';
import { copyRows, createStage, indexStage } from './statement.js';
import type { Target, WrittenFields } from './target.js';

/** Temporary tables that hold rows on the subscriber, one for each layout; they are gone with the transaction. */
export class Stages {
  readonly #subscriber: Session;
  readonly #target: Target;
  readonly #isIndexed: boolean;
  readonly #newName: () => string;
  readonly #tables = new Map<Layout, string>();

  /** With `isIndexed` rows are found in them by key. */
  constructor(
    subscriber: Session,
    target: Target,
    { isIndexed, newName }: { isIndexed: boolean; newName: () => string },
  ) {
    this.#subscriber = subscriber;
    this.#target = target;
    this.#isIndexed = isIndexed;
    this.#newName = newName;
  }

  get isEmpty(): boolean {
    return this.#tables.size === 0;
  }

  /** The table that rows of a layout are in; undefined when there never were any. */
  of(layout: Layout): string | undefined {
    return this.#tables.get(layout);
  }

  get tables(): string[] {
    return [...this.#tables.values()];
  }

  /** Each layout that there are rows of, and the table that they are in. */
  [Symbol.iterator](): Iterator<[Layout, string]> {
    return this.#tables[Symbol.iterator]();
  }

  /** Adds rows, and returns the name of the table that they are in. */
  async put(rows: Rows<Images>, layout: Layout): Promise<string> {
    let table = this.#tables.get(layout);
    if (table === undefined) {
      table = this.#newName();
      await this.#subscriber.execute(createStage(this.#target, rows.mapping, table));
      if (this.#isIndexed) await this.#subscriber.execute(indexStage(this.#target, table));
      this.#tables.set(layout, table);
    }
    if (rows.count > 0) await copyInto(this.#subscriber, rows, table, rows.mapping.staged);
    return table;
  }

  /** Empties the tables. */
  async truncate(): Promise<void> {
    for (const table of this.#tables.values()) await this.#subscriber.execute(`truncate ${table}`);
  }
}

/** Sends rows by COPY and returns how many the server took. It says which line it refuses: that is told by the row's key. */
export async function copyInto(
  subscriber: Session,
  rows: Rows<Images>,
  table: string,
  fields: WrittenFields,
): Promise<number> {
  try {
    return await subscriber.copyIn(copyRows(fields, table), rowLines(rows.rows, rows.kept, fields));
  } catch (thrown) {
    const error = asLondisteError(thrown);
    const where = (error.cause as { where?: string } | undefined)?.where;
    const line = /, \D*(\d+)/.exec(where ?? '')?.[1];
    const key = line === undefined ? undefined : rows.keyAt(Number(line) - 1);
    throw key === undefined ? error : error.at(key);
  }
}
