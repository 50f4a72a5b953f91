import { listed, quoteIdent } from '../db/identifiers.js';
import type { Session } from '../db/session.js';
import { namesHere } from './column-list.js';
import type { Destination } from './destination.js';

interface DefinedColumn {
  readonly name: string;
  readonly type: string;
  readonly collation: string | null;
  readonly not_null: boolean;
  readonly default: string | null;
  readonly generated: '' | 's' | 'v';
  readonly identity: '' | 'a' | 'd';
  readonly sequence: { readonly name: string; readonly options: string } | null;
}

interface DefinedSequence {
  readonly name: string;
  readonly type: string;
  readonly options: string;
  readonly owner: string | null;
}

/** What it takes to make a table like one of the provider: see sql/londiste/functions/table_definition.sql. */
export interface TableDefinition {
  readonly columns: readonly DefinedColumn[];
  readonly sequences: readonly DefinedSequence[];
  readonly key: { readonly name: string; readonly is_primary: boolean } | null;
}

/** Undefined when there is no such table. `table` is a quoted, qualified name. */
export async function defineTable(
  session: Session,
  table: string,
  keyColumns: readonly string[],
): Promise<TableDefinition | undefined> {
  const { definition } = await session.one<{ definition: TableDefinition | null }>(
    'select londiste.table_definition($1, $2) as definition',
    [table, keyColumns],
  );
  return definition ?? undefined;
}

/** Where a table is to be made, of which name, and what its server can do. */
export interface NewTable {
  /** The table's name on the provider. */
  readonly name: string;
  readonly keyColumns: readonly string[];
  readonly destination: Destination;
  /** The major version of the subscriber's server. */
  readonly major: number;
}

/**
 * The statements that make the table on the subscriber, in order: the sequences that defaults draw from; the table with
 * the columns that are carried, their types, defaults, identities and expressions; its key.
 */
export function createStatements(definition: TableDefinition, table: NewTable): string[] {
  const { destination, keyColumns } = table;
  const here = new Map(
    namesHere(
      definition.columns.map(({ name }) => name),
      destination,
    ).map((name, n) => [definition.columns[n]?.name, name]),
  );
  const carried = definition.columns.flatMap((column) => {
    const name = here.get(column.name);
    return name === undefined
      ? []
      : [`${quoteIdent(name)} ${typeClause(column)}${valueClause(column, table)}`];
  });
  const key = keyColumns.flatMap((column) => here.get(column) ?? []);
  const owners = definition.sequences.flatMap(({ name, owner }) => {
    const column = owner === null ? undefined : here.get(owner);
    return column === undefined
      ? []
      : [`alter sequence ${name} owned by ${destination.table}.${quoteIdent(column)}`];
  });
  return [
    ...definition.sequences.map(({ name, type, options }) => `create sequence ${name} as ${type} ${options}`),
    `create table ${destination.table} (${[...carried, ...primaryKey(definition, table, key)].join(', ')})`,
    ...uniqueIndex(definition, table, key),
    ...owners,
  ];
}

function typeClause({ type, collation, not_null }: DefinedColumn): string {
  return `${type}${collation === null ? '' : ` collate ${collation}`}${not_null ? ' not null' : ''}`;
}

function valueClause(
  { default: value, generated, identity, sequence }: DefinedColumn,
  table: NewTable,
): string {
  if (identity !== '') {
    // Beside a table of another name there may be one of the same, which has the sequence.
    const name = isSameName(table) && sequence !== null ? `sequence name ${sequence.name} ` : '';
    return ` generated ${identity === 'a' ? 'always' : 'by default'} as identity (${name}${sequence?.options ?? ''})`;
  }
  if (value === null) return '';
  if (generated === '') return ` default ${value}`;
  // An expression names columns as they are called on the provider; with a list of columns the value itself is carried.
  if (table.destination.columns !== undefined) return '';
  return ` generated always as (${value}) ${generated === 'v' && table.major >= 18 ? 'virtual' : 'stored'}`;
}

function primaryKey({ key }: TableDefinition, table: NewTable, columns: readonly string[]): string[] {
  if (key?.is_primary !== true) return [];
  return [
    `${isSameName(table) ? `constraint ${quoteIdent(key.name)} ` : ''}primary key (${listed(columns)})`,
  ];
}

function uniqueIndex({ key }: TableDefinition, table: NewTable, columns: readonly string[]): string[] {
  if (key === null || key.is_primary) return [];
  const name = isSameName(table) ? ` ${quoteIdent(key.name)}` : '';
  return [`create unique index${name} on ${table.destination.table} (${listed(columns)})`];
}

function isSameName({ name, destination }: NewTable): boolean {
  return destination.table === name;
}
