import { quoteIdent } from '../db/identifiers.js';
import { LondisteError } from '../kernel/errors.js';
import { namesHere } from '../londiste/column-list.js';
import type { Destination } from '../londiste/destination.js';
import type { ProviderTable } from '../londiste/provider.js';
import { describeTable, ownRows, type Column, type TableShape } from '../londiste/table-shape.js';
import type { SubscribedTable } from '../londiste/table-state.js';
import type { CompareBench } from './bench.js';
import { delimitingOf, type Delimiting } from './delimiting.js';

/** One side of a table. */
export interface Side {
  /** As LOCK and FROM take it: with ONLY, but for a partitioned table. */
  readonly only: string;
  /** For FROM: the compared columns under the provider's names, of the rows that are replicated, as `t`. */
  readonly rows: string;
  readonly shape: TableShape;
}

/** A table that is compared. */
export interface Subject {
  /** Its name in the set. */
  readonly table: string;
  readonly registered: ProviderTable;
  readonly destination: Destination;
  /** The provider's names of the columns that are compared, in its order; the key's are among them. */
  readonly columns: readonly string[];
  /** How each of them is kept apart from its neighbours in a row's text: the same on both sides. */
  readonly delimiting: readonly Delimiting[];
  /** Without any the table is a multiset of rows. */
  readonly key: readonly string[];
  readonly sides: { readonly provider: Side; readonly subscriber: Side };
  /** A condition that the user gave, over the provider's names; `true` for none. */
  readonly where: string;
}

/**
 * What there is to compare of a table, as both catalogues have it now.
 *
 * @throws LondisteError `schema` when it cannot be compared.
 */
export async function subjectOf(
  { provider, subscriber }: Pick<CompareBench, 'provider' | 'subscriber'>,
  { name: table, destination }: SubscribedTable,
  { registered, where = 'true' }: { registered: ProviderTable; where?: string | undefined },
): Promise<Subject> {
  const there = await describeTable(provider, table);
  if (!there) throw new LondisteError('schema', `table ${table} does not exist on the provider any more`);
  const here = await describeTable(subscriber, destination.table);
  if (!here) {
    throw new LondisteError('schema', `table ${destination.table} does not exist on the subscriber any more`);
  }
  const pairs = pairsOf({ destination, key: registered.keyColumns }, there, here);
  return {
    table,
    registered,
    destination,
    columns: pairs.map(({ from }) => from.name),
    delimiting: pairs.map((pair) => (landsAsType(pair) ? delimitingOf(pair.to.base_type) : 'by quotes')),
    key: registered.keyColumns,
    where,
    sides: {
      provider: sideOf(
        table,
        there,
        pairs.map((pair) => ({ value: carried(pair), name: pair.from.name })),
        registered.rowFilter,
      ),
      subscriber: sideOf(
        destination.table,
        here,
        pairs.map(({ from, to }) => ({ value: quoteIdent(to.name), name: from.name })),
      ),
    },
  };
}

interface Pair {
  readonly from: Column;
  readonly to: Column;
}

/** Left out is what is not replicated: columns of one side alone, and what the subscriber generates, unless it is of the key. */
function pairsOf(
  { destination, key }: { destination: Destination; key: readonly string[] },
  there: TableShape,
  here: TableShape,
): Pair[] {
  const names = namesHere(
    there.columns.map(({ name }) => name),
    destination,
  );
  const pairs = there.columns.flatMap((from, n) => {
    const name = names[n];
    if (name === undefined || from.virtual) return [];
    const to = here.columns.find((column) => column.name === name);
    if (!to) {
      throw new LondisteError(
        'schema',
        `column ${name} of table ${destination.table} is missing on the subscriber`,
        { hint: `ALTER TABLE ${destination.table} ADD COLUMN ${quoteIdent(name)} ${from.type}` },
      );
    }
    return to.generated && !key.includes(from.name) ? [] : [{ from, to }];
  });
  const lost = key.find((column) => !pairs.some(({ from }) => from.name === column));
  if (lost !== undefined)
    throw new LondisteError(
      'schema',
      `column ${lost} of the key of table ${destination.table} is not carried`,
    );
  return pairs;
}

function sideOf(
  table: string,
  shape: TableShape,
  columns: readonly { value: string; name: string }[],
  filter?: string,
): Side {
  const only = ownRows(table, shape);
  const list = columns.map(({ value, name }) => `${value} as ${quoteIdent(name)}`).join(', ');
  const where = filter === undefined ? '' : ` where ${filter}`;
  return { only, rows: `(select ${list} from ${only}${where}) as t`, shape };
}

/**
 * A value of the provider as it lands on the subscriber: where the types differ, as its text is read there. That is done here for
 * types that every server has; of others the texts are compared. Lengths are not enforced: a cast would cut a value that is too
 * long, and so make it equal to one that was cut.
 */
function carried({ from, to }: Pair): string {
  const value = quoteIdent(from.name);
  if (from.type === to.type || !landsAsType({ from, to })) return value;
  const text = `case when ${value} is not null then format('%s', ${value}) end`;
  const length = /^character\(([0-9]+)\)$/.exec(to.type)?.[1];
  if (length !== undefined) return `rpad(${text}, greatest(${length}, length(${text})))`;
  if (/^(character|bit)/.test(to.type)) return `(${text})::${to.base_type}`;
  return `(${text})::${to.type}`;
}

/** Whether the provider's value is compared as one of the subscriber's type. */
function landsAsType({ from, to }: Pair): boolean {
  return from.type === to.type || /^[a-z ]+(\([0-9,]+\))?(\[\])?( with(out)? time zone)?$/.test(to.type);
}
