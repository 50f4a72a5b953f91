import { listed } from '../db/identifiers.js';
import { LondisteError } from '../kernel/errors.js';
import { namesHere } from '../londiste/column-list.js';
import type { Destination } from '../londiste/destination.js';
import type { ProviderTable } from '../londiste/provider.js';
import { ownRows, type Column, type TableShape } from '../londiste/table-shape.js';
import { conditionOf, type BlockRange } from '../table/ranges.js';

/** A column that is copied: what it is on the provider, and its name and type on the subscriber. */
export interface Copied {
  readonly from: Column;
  readonly to: string;
  readonly toType: string;
}

/**
 * What COPY reads. It takes generated columns, partitions, and some of the rows only from a query; where it is none of these, the
 * table itself is quicker.
 */
export function sourceOf(
  { name, rowFilter }: ProviderTable,
  there: TableShape,
  columns: readonly Copied[],
): string {
  const isPlain = there.relkind !== 'p' && rowFilter === undefined;
  return isPlain && !columns.some(({ from }) => from.generated)
    ? `${name} (${namesThere(columns)})`
    : query(ownRows(name, there), columns, [rowFilter]);
}

/** The same for one range, which may be of a partition; the condition on rows names no table. */
export function sourceOfRange(
  { rowFilter }: ProviderTable,
  range: BlockRange,
  columns: readonly Copied[],
): string {
  return query(`only ${range.relation}`, columns, [conditionOf(range), rowFilter]);
}

function query(
  rows: string,
  columns: readonly Copied[],
  conditions: readonly (string | undefined)[],
): string {
  const all = conditions.flatMap((one) => (one === undefined ? [] : [`(${one})`]));
  return `(select ${namesThere(columns)} from ${rows}${all.length === 0 ? '' : ` where ${all.join(' and ')}`})`;
}

function namesThere(columns: readonly Copied[]): string {
  return listed(columns.map(({ from }) => from.name));
}

/** Every column of the provider that is carried, but for those that both sides generate; the subscriber must have each. */
export function columnsToCopy(destination: Destination, there: TableShape, here: TableShape): Copied[] {
  const { table } = destination;
  const names = namesHere(
    there.columns.map(({ name }) => name),
    destination,
  );
  const columnsHere = new Map(here.columns.map((column) => [column.name, column]));
  const copied = there.columns.flatMap((from, n) => {
    const to = names[n];
    const column = columnsHere.get(to ?? '');
    const isLeftOut = to === undefined || (from.generated && column?.generated === true);
    return isLeftOut ? [] : [{ from, to, toType: column?.type ?? '' }];
  });
  const missing = copied.filter(({ to }) => columnsHere.get(to)?.generated !== false);
  if (missing.length > 0) {
    throw new LondisteError(
      'schema',
      `table ${table} has no column ${missing.map(({ to }) => to).join(', ')} on the subscriber`,
      {
        hint: `add it there: ALTER TABLE ${table} ADD COLUMN ...`,
      },
    );
  }
  // Nothing could name their rows, neither COPY nor INSERT.
  if (copied.length === 0)
    throw new LondisteError('schema', `table ${table} has no columns that hold data of their own`);
  return copied;
}
