import { listed } from '../db/identifiers.js';
import { LondisteError } from '../kernel/errors.js';
import { namesHere } from '../londiste/column-list.js';
import type { Destination } from '../londiste/destination.js';
import type { ProviderTable } from '../londiste/provider.js';
import { ownRows, type Column, type TableShape } from '../londiste/table-shape.js';
import { conditionOf, type BlockRange } from '../table/ranges.js';

/** A column that is copied: what it is on the provider, and its name on the subscriber. */
export interface Copied {
  readonly from: Column;
  readonly to: string;
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
  const names = listed(columns.map(({ from }) => from.name));
  if (there.relkind !== 'p' && rowFilter === undefined && !columns.some(({ from }) => from.generated))
    return `${name} (${names})`;
  const where = rowFilter === undefined ? '' : ` where ${rowFilter}`;
  return `(select ${names} from ${ownRows(name, there)}${where})`;
}

/** The same for one range, which may be of a partition; the condition on rows names no table. */
export function sourceOfRange(
  { rowFilter }: ProviderTable,
  range: BlockRange,
  columns: readonly Copied[],
): string {
  const names = listed(columns.map(({ from }) => from.name));
  const conditions = [conditionOf(range), rowFilter && `(${rowFilter})`].filter((one) => one !== undefined);
  const where = conditions.length === 0 ? '' : ` where ${conditions.join(' and ')}`;
  return `(select ${names} from only ${range.relation}${where})`;
}

/** Every column of the provider that is carried, but for those that both sides generate; the subscriber must have each. */
export function columnsToCopy(destination: Destination, there: TableShape, here: TableShape): Copied[] {
  const { table } = destination;
  const names = namesHere(
    there.columns.map(({ name }) => name),
    destination,
  );
  const isGenerated = new Map(here.columns.map(({ name, generated }) => [name, generated]));
  const copied = there.columns.flatMap((from, n) => {
    const to = names[n];
    return to === undefined || (from.generated && isGenerated.get(to) === true) ? [] : [{ from, to }];
  });
  const missing = copied.filter(({ to }) => isGenerated.get(to) !== false);
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
