import { quoteIdent } from '../db/identifiers.js';
import { arrayLiteral } from '../event/array.js';
import { fieldValue, type RawField } from '../event/record.js';
import type { KeyColumn, RowMapping, Target } from './target.js';

/** A statement over a set of rows, with its values. */
export interface Statement {
  readonly text: string;
  readonly values: readonly string[];
}

/** Deletes rows by key. */
export function deleteKeys(target: Target, keys: readonly (readonly RawField[])[]): Statement {
  const arrays = target.key.map((column, n) => `$${n + 1}::${column.expands ? 'text' : column.type}[]`);
  const names = target.key.map((_, n) => `k${n}`);
  const where = target.key.map((column, n) =>
    matches(column, column.expands ? `r.k${n}::${column.type}` : `r.k${n}`),
  );
  return {
    text: `delete from ${target.name} as t using unnest(${arrays.join(', ')}) as r(${names.join(', ')}) where ${where.join(' and ')}`,
    values: target.key.map((_, n) => arrayLiteral(keys.map((key) => fieldValue(key[n] ?? '')))),
  };
}

/** Updates the rows that are there; the count tells how many were. */
export function updateRows(target: Target, mapping: RowMapping, images: readonly string[]): Statement {
  const from = rowsOf(target);
  const values = [rowArray(mapping, images)];
  const where = sameKey(target);
  if (mapping.updateColumns.length === 0) {
    // A table that is all key: there is nothing to write, only to see whether the row is there. An UPDATE that sets a
    // key column to itself would do as well, and would write a new version of every row.
    return { text: `select from ${target.name} as t, ${from} where ${where}`, values };
  }
  const set = mapping.updateColumns.map((column) => `${column} = r.${column}`).join(', ');
  return { text: `update ${target.name} as t set ${set} from ${from} where ${where}`, values };
}

/** Inserts the rows whose key is not there yet; the count tells how many were not. */
export function insertMissing(target: Target, mapping: RowMapping, images: readonly string[]): Statement {
  const columns = mapping.insertColumns.join(', ');
  const selected = mapping.insertColumns.map((column) => `r.${column}`).join(', ');
  return {
    text:
      `insert into ${target.name} (${columns}) overriding system value select ${selected} from ${rowsOf(target)} ` +
      `where not exists (select from ${target.name} as t where ${sameKey(target)})`,
    values: [rowArray(mapping, images)],
  };
}

/**
 * Empties a table. TRUNCATE is refused for one that another references, whether or not that one is empty, and CASCADE
 * would empty tables that nobody asked for: such a table's rows are deleted.
 */
export function emptyTable({ name, isReferenced }: Target): Statement {
  return { text: isReferenced ? `delete from only ${name}` : `truncate only ${name}`, values: [] };
}

/** The rows come as an array of the table's own row type, so that every value goes through its type's input function. */
function rowsOf(target: Target): string {
  return `unnest($1::${target.name}[]) as r`;
}

function rowArray(mapping: RowMapping, images: readonly string[]): string {
  return arrayLiteral(images.map((image) => mapping.convert(image)));
}

function sameKey(target: Target): string {
  return target.key.map((column) => matches(column, `r.${quoteIdent(column.name)}`)).join(' and ');
}

function matches(column: KeyColumn, value: string): string {
  return `t.${quoteIdent(column.name)} ${column.operator} ${value}`;
}
