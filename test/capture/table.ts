/** A random table: what it looks like at some moment, and the DDL that makes it. */
import { quoteIdent } from '../../src/db/identifiers.js';
import { formOf, type Form } from './forms.js';
import type { TableSpec } from './spec.js';
import { kinds, literal, type Kind, type KindName } from './values.js';

export interface TableColumn {
  readonly id: string;
  readonly name: string;
  readonly kind: KindName;
  readonly type: string;
  readonly clause: string;
  readonly isWritten: boolean;
}

/** A table as some session sees it now. Columns keep their id whatever they are called. */
export interface Table {
  readonly nr: number;
  readonly spec: TableSpec;
  readonly form: Form;
  readonly schema: string;
  readonly name: string;
  readonly columns: readonly TableColumn[];
  readonly key: readonly string[];
  /** How many names ALTERs have used up. */
  readonly fresh: number;
  readonly isMoved: boolean;
  readonly isGone: boolean;
}

/** Which server DDL is for: the subscriber's tables are checked row by row. */
export interface Place {
  readonly side: 'there' | 'here';
  readonly major: number;
}

export function makeTable(spec: TableSpec, nr: number): Table {
  const form = formOf(spec.form, spec.keyKinds);
  const typed = (kind: KindName): string => (kinds[kind] as Kind).type;
  const column = (
    id: string,
    { name = id, kind, clause = '', isWritten = true }: Partial<TableColumn> & { kind: KindName },
  ): TableColumn => ({ id, name, kind, type: typed(kind), clause, isWritten });
  const name = `${spec.name.slice(0, 60)}${nr === 0 ? '' : nr}`;
  const columns = [
    ...form.columns.map((one) => column(one.id, one)),
    column('n', { kind: 'int', clause: 'not null default 0' }),
    column('v', { kind: 'text' }),
    ...spec.extras.map(({ name, kind, refusesNull }, n) =>
      column(`e${n}`, { name, kind, clause: refusesNull ? 'not null' : '' }),
    ),
    ...(spec.seat === 'none' || form.parts === 'partitions' ? [] : [column('u', { kind: 'int' })]),
    ...(spec.generated === 'none'
      ? []
      : [column('g', { kind: 'int', clause: generatedClause(spec.generated, 'n'), isWritten: false })]),
  ];
  const at = { schema: spec.schema, name, columns, key: form.key };
  return { nr, spec, form, ...at, fresh: 0, isMoved: false, isGone: false };
}

export function generatedClause(how: 'stored' | 'virtual', column: string): string {
  return `generated always as (${quoteIdent(column)} * 3 + 1) ${how}`;
}

/** Servers before 18 store what later ones may compute. */
export const clauseAt = (clause: string, { major }: Place): string =>
  major < 18 ? clause.replace(/virtual$/, 'stored') : clause;

export const qualified = ({ schema, name }: Pick<Table, 'schema' | 'name'>): string =>
  `${quoteIdent(schema)}.${quoteIdent(name)}`;

export const childName = (table: Table): string => `${table.spec.name.slice(0, 50)}${table.nr} child`;

/** Only where a foreign key can reference the handle. */
export const hasChild = ({ spec, form }: Table): boolean => spec.child !== 'none' && form.isPlain;

export const child = (table: Table): string =>
  qualified({ schema: table.spec.schema, name: childName(table) });

/** The name, quoted, of a column that is always there. */
export function column(table: Table, id: string): string {
  const found = table.columns.find((one) => one.id === id);
  if (!found) throw new Error(`there is no column ${id}`);
  return quoteIdent(found.name);
}

export const columnList = (table: Table, ids: readonly string[]): string =>
  ids.map((id) => column(table, id)).join(', ');

export const constraintName = ({ nr }: Table): string => quoteIdent(`the Key ${nr}`);

export const columnDefinitions = (table: Table, place: Place): string[] =>
  table.columns.map((one) => `${quoteIdent(one.name)} ${one.type} ${clauseAt(one.clause, place)}`);

/** What makes the key, as separate statements after CREATE TABLE, and after a change of it. */
export function addKey(table: Table, name = qualified(table)): string {
  const list = columnList(table, table.key);
  return table.form.constraint === 'index'
    ? `create unique index ${constraintName(table)} on ${name} (${list})`
    : `alter table ${name} add constraint ${constraintName(table)} primary key (${list})`;
}

export function dropKey(table: Table, schema = table.schema, name = qualified(table)): string {
  return table.form.constraint === 'index'
    ? `drop index ${quoteIdent(schema)}.${constraintName(table)}`
    : `alter table ${name} drop constraint ${constraintName(table)}`;
}

/** The columns that an INSERT gives, and their values for the row that the number a stands for. */
export function written(table: Table): readonly TableColumn[] {
  return table.columns.filter(({ isWritten }) => isWritten);
}

export const numberOf = (one: TableColumn, a: number, s: number): number =>
  one.id === 'n' || one.id.startsWith('k') || one.id === 'u' ? a : a + s;

export function valuesOf(table: Table, a: number, s = 0): string {
  return `(${written(table)
    .map((one) => literal(one.kind, numberOf(one, a, s)))
    .join(', ')})`;
}

export const isRow = (table: Table, a: number, alias = ''): string =>
  table.form.handle
    .map((id) => `${alias}${column(table, id)} = ${literal(kindOf(table, id), a)}`)
    .join(' and ');

export const setHandle = (table: Table, a: number, spelling = 0): string =>
  table.form.handle
    .map((id) => `${column(table, id)} = ${literal(kindOf(table, id), a, spelling)}`)
    .join(', ');

export function kindOf(table: Table, id: string): KindName {
  const found = table.columns.find((one) => one.id === id);
  if (!found) throw new Error(`there is no column ${id}`);
  return found.kind;
}
