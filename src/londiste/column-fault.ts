import { quoteIdent } from '../db/identifiers.js';
import { suggest } from '../kernel/suggest.js';
import { columnList, namesHere, type ColumnList } from './column-list.js';
import type { Destination } from './destination.js';
import type { Fault } from './table-fault.js';
import type { Column, TableShape } from './table-shape.js';

/** A table of the set, as far as its columns are concerned. */
export interface Carried {
  readonly name: string;
  readonly keyColumns: readonly string[];
  readonly destination: Destination;
}

/** What of the columns does not fit: `there` is the provider's table, `here` the one that its rows go to. */
export function columnFaults(table: Carried, there: TableShape, here: TableShape): Fault[] {
  const list = columnList(table.destination);
  const names = namesHere(
    there.columns.map(({ name }) => name),
    table.destination,
  );
  const carried = there.columns.flatMap((column, n): [Column, string][] => {
    const name = names[n];
    return name === undefined ? [] : [[column, name]];
  });
  const lacking = list === undefined ? [] : table.keyColumns.filter((column) => !list.has(column));
  return [
    ...(list === undefined ? [] : unknownFaults(table, list, there)),
    ...lacking.map((column) => ({
      what: `table ${table.name}: column ${column} is of the key, and --columns does not name it`,
      fix: `add ${column} to --columns`,
    })),
    ...carried.flatMap(([column, name]) => carriedFaults(table, column, { name, here })),
    ...extraFaults(table, here, new Set([...names, ...lacking])),
  ];
}

function unknownFaults({ name }: Carried, list: ColumnList, there: TableShape): Fault[] {
  const known = there.columns.map((column) => column.name);
  const unknown = [...list.keys()].filter((column) => !known.includes(column));
  return unknown.map((column) => ({
    what: `table ${name}: the provider has no column ${column}, which --columns names`,
    fix: `name ${suggest(column, known) ?? 'one that is there'} instead, or leave it out`,
  }));
}

function carriedFaults(
  { name: table, destination }: Carried,
  column: Column,
  { name, here }: { name: string; here: TableShape },
): Fault[] {
  const same = here.columns.find((candidate) => candidate.name === name);
  const isRenamed = destination.table !== table || name !== column.name;
  const where = isRenamed ? ` (${name} of ${destination.table})` : '';
  if (!same) {
    return [
      {
        what: `table ${table}: column ${column.name} of the provider is missing on the subscriber${where}`,
        fix: `ALTER TABLE ${destination.table} ADD COLUMN ${quoteIdent(name)} ${column.type}`,
      },
    ];
  }
  if (column.virtual && !same.generated) {
    return [
      {
        what: `table ${table}: column ${column.name} of the provider is virtual, so that its values are not carried${where}`,
        fix: 'generate it on the subscriber by the same expression, or leave it out with --columns',
      },
    ];
  }
  if (column.type === same.type && (!same.generated || column.generated)) return [];
  return [
    {
      what: `table ${table}: column ${column.name} is ${kindOf(column)} on the provider and ${kindOf(same)} on the subscriber${where}`,
      fix: `ALTER TABLE ${destination.table} ALTER COLUMN ${quoteIdent(name)} TYPE ${column.type}`,
    },
  ];
}

/** Columns that no row from the provider has a value for. */
function extraFaults(
  { name: table, destination }: Carried,
  here: TableShape,
  carried: ReadonlySet<string | undefined>,
): Fault[] {
  return here.columns.flatMap(({ name, type, refuses_null, not_null, has_default }): Fault[] => {
    if (carried.has(name)) return [];
    const alter = `ALTER TABLE ${destination.table} ALTER COLUMN ${quoteIdent(name)}`;
    // A row comes as a whole, with NULL in such columns, which such a domain refuses at once.
    if (refuses_null) {
      return [
        {
          what: `table ${table}: column ${name}, which the provider does not have, is of the domain ${type}, which refuses NULL`,
          fix: `ALTER DOMAIN ${type} DROP NOT NULL; ${alter} SET NOT NULL`,
        },
      ];
    }
    if (!not_null || has_default) return [];
    return [
      {
        what: `table ${table}: column ${name} of ${destination.table}, which no row from the provider has a value for, is NOT NULL and has no default`,
        fix: `${alter} DROP NOT NULL, or SET DEFAULT ...`,
      },
    ];
  });
}

function kindOf({ type, generated }: Column): string {
  return generated ? `${type} (generated)` : type;
}
