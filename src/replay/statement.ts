import { listed, quoteIdent } from '../db/identifiers.js';
import type { KeyColumn, RowMapping, Target, WrittenFields } from './target.js';

/**
 * The statements that change a table by sets. Rows come from `rows`, an expression for the FROM clause under the alias
 * r: an array parameter for a few, a staging table for many.
 */
export interface RowSource {
  readonly sql: string;
}

/** A few rows, as an array of the table's own row type, so that every value goes through its type's input function. */
export function rowsInArray(target: Target): RowSource {
  return { sql: `unnest($1::${target.name}[]) as r` };
}

/** Many rows, in a staging table; in the order of the key they touch each page of the index once. */
export function rowsInStage(target: Target, stage: string): RowSource {
  const order = listed(keyNames(target));
  return { sql: `(select * from ${stage} order by ${order}) as r` };
}

/** Deletes rows by key, where `table` is a target's rows or a staging table; each column of the key comes as an array. */
export function deleteKeys(target: Target, table: string): string {
  const { using, where } = keysGiven(target);
  return `delete from ${table} as t${using === '' ? '' : ` using ${using}`} where ${where}`;
}

/** Finds rows by key; the count tells how many there are. */
export function findKeys(target: Target): string {
  const { using, where } = keysGiven(target);
  return `select from ${target.rows} as t${using === '' ? '' : `, ${using}`} where ${where}`;
}

function keysGiven(target: Target): { using: string; where: string } {
  const [column, ...more] = target.key;
  if (column !== undefined && more.length === 0 && !column.expands) {
    return { using: '', where: `t.${quoteIdent(column.name)} ${column.operator} any ($1::${column.type}[])` };
  }
  const arrays = target.key.map(({ expands, type }, n) => `$${n + 1}::${expands ? 'text' : type}[]`);
  const names = target.key.map((_, n) => `k${n}`);
  const where = target.key.map((key, n) => matches(key, key.expands ? `r.k${n}::${key.type}` : `r.k${n}`));
  return { using: `unnest(${arrays.join(', ')}) as r(${names.join(', ')})`, where: where.join(' and ') };
}

/** Updates the rows that are there; the count tells how many were. */
export function updateRows(target: Target, mapping: RowMapping, { sql }: RowSource): string {
  if (mapping.updateColumns.length === 0) {
    // A table that is all key: there is nothing to write, only to see whether the row is there. An UPDATE that sets a
    // key column to itself would do as well, and would write a new version of every row.
    return `select from ${target.rows} as t, ${sql} where ${sameKey(target)}`;
  }
  const set = mapping.updateColumns.map((column) => `${column} = r.${column}`).join(', ');
  return `update ${target.rows} as t set ${set} from ${sql} where ${sameKey(target)}`;
}

/** Inserts the rows whose key is not there yet; the count tells how many were not. */
export function insertMissing(target: Target, mapping: RowMapping, rows: RowSource): string {
  return `${insertRows(target, mapping, rows)} where not exists (select from ${target.rows} as t where ${sameKey(target)})`;
}

export function insertRows(target: Target, mapping: RowMapping, { sql }: RowSource): string {
  const columns = mapping.inserted.columns.join(', ');
  const selected = mapping.inserted.columns.map((column) => `r.${column}`).join(', ');
  return `insert into ${target.name} (${columns}) overriding system value select ${selected} from ${sql}`;
}

/** Takes rows as lines of COPY, in the order of the layout's columns. */
export function copyRows({ columns }: WrittenFields, table: string): string {
  return `copy ${table} (${columns.join(', ')}) from stdin`;
}

/** A staging table for rows of a mapping: the same types, none of the constraints; gone at the end of the transaction. */
export function createStage(target: Target, { staged }: RowMapping, stage: string): string {
  return `create temporary table ${stage} on commit drop as select ${staged.columns.join(', ')} from ${target.name} with no data`;
}

/** Lets rows of a staging table be found by key. */
export function indexStage(target: Target, stage: string): string {
  return `create index on ${stage} (${listed(keyNames(target))})`;
}

function keyNames({ key }: Target): string[] {
  return key.map(({ name }) => name);
}

function sameKey(target: Target): string {
  return target.key.map((column) => matches(column, `r.${quoteIdent(column.name)}`)).join(' and ');
}

function matches(column: KeyColumn, value: string): string {
  return `t.${quoteIdent(column.name)} ${column.operator} ${value}`;
}
