/** Where the rows of a table go on the subscriber, and which of its columns. */
export interface Destination {
  /** The table there, quoted; of the name in the set unless another was asked for. */
  readonly table: string;
  /** The columns that are carried, as `column-list.ts` writes them; all of them when undefined. */
  readonly columns: string | undefined;
}

/** Where a table's rows go when nothing else was asked for. */
export function sameName(table: string): Destination {
  return { table, columns: undefined };
}

export function isSameDestination(one: Destination, other: Destination): boolean {
  return one.table === other.table && one.columns === other.columns;
}
