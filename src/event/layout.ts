/** What the columns of a row image are: events that outlive a DDL of their table stay readable by it. */
export interface Layout {
  readonly id: string;
  /** Column names in the order of the image's fields. */
  readonly columns: readonly string[];
  /** The key's columns, or undefined for an event that was written while its table's capture was out of date. */
  readonly key: readonly string[] | undefined;
}

/** Where the key's columns lie among `columns`. */
export function keyPositions(columns: readonly string[], keyColumns: readonly string[]): number[] {
  return keyColumns.map((column) => {
    const at = columns.indexOf(column);
    if (at === -1) throw new Error(`there is no key column ${column}`);
    return at;
  });
}
