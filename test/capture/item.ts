/** What an item of the tests of capture is. */

/**
 * A text of statements that a session sends at once; they are one transaction unless the text says otherwise. `WRITER` in
 * it is the name of the role that `as` means, `GID` the beginning of a name for a prepared transaction, `ITEM` the schema
 * of the item.
 */
export type Write = string | WriteBy;

export interface WriteBy {
  readonly sql: string;
  readonly as?: 'owner' | 'writer';
  /** What COPY reads. */
  readonly data?: string;
  /** The SQLSTATE of its failure, if it must fail. */
  readonly fails?: string;
}

/** A write that must fail, on either side, with this SQLSTATE. */
export function refused(fails: string, sql: string, more: Partial<WriteBy> = {}): Write {
  return { sql, fails, ...more };
}

export interface Item {
  /** The oldest major that a provider must have. */
  readonly since?: number;
  /** What makes the tables, on every side, in a schema of the item's own that is first in the search_path. */
  readonly tables: string;
  /** The tables on the subscriber, where they are others there. */
  readonly here?: string;
  /** What only the provider has: triggers, functions, policies. */
  readonly there?: string;
  /** The tables to replicate; `t` alone unless said otherwise. */
  readonly names?: readonly string[];
  /** Rows to begin with. */
  readonly rows?: string;
  /** Each a batch. */
  readonly writes: readonly Write[];
}

export type Items = Readonly<Record<string, Item>>;
