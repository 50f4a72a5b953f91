import { listed, quoteIdent } from '../db/identifiers.js';
import type { Delimiting } from './delimiting.js';
import type { Digest } from './digest.js';
import type { Subject } from './subject.js';

/** Columns in one call: a function takes 100 arguments, and a text needs two. */
const columnsTogether = 48;

/**
 * A row's text for digests, the compared columns in the provider's order: what their output functions write, trailing blanks included.
 * Rows that differ have different texts. It takes the server little more than half the time of the row as a record, which goes
 * through every value in search of what must be quoted.
 */
export function digestedText(
  subject: Pick<Subject, 'columns' | 'delimiting'>,
  digest: Pick<Digest, 'sameBytes'>,
): string {
  // Lengths are those of bytes.
  if (!digest.sameBytes) return rowText(subject);
  const columns = subject.columns.map((name, n) => ({
    name,
    column: `t.${quoteIdent(name)}`,
    delimiting: subject.delimiting[n] ?? 'by quotes',
  }));
  const parts: string[] = [];
  for (let n = 0; n < columns.length; n += columnsTogether)
    parts.push(joined(columns.slice(n, n + columnsTogether)));
  return parts.join(` || '|' || `);
}

interface Written {
  readonly name: string;
  readonly column: string;
  readonly delimiting: Delimiting;
}

/** What is NULL leaves no trace between the bars, so a row that has any begins with which they are. No value begins with `#`. */
function joined(columns: readonly Written[]): string {
  const nulls = columns
    .filter(({ delimiting }) => delimiting !== 'by quotes')
    .map(({ column }) => `${column} is null`);
  const mask =
    nulls.length === 0 ? [] : [`case when ${nulls.join(' or ')} then concat('#', ${nulls.join(', ')}) end`];
  return `concat_ws('|', ${[...mask, ...columns.map(written)].join(', ')})`;
}

function written({ name, column, delimiting }: Written): string {
  if (delimiting === 'by quotes') return recordOf([name]);
  return delimiting === 'by its length' ? `octet_length(${column}), ${column}` : column;
}

/** A row as a record of the compared columns, as text. */
export function rowText({ columns }: Pick<Subject, 'columns'>): string {
  return recordOf(columns);
}

/** What tells a row from others, as text. */
export function keyText(subject: Subject): string {
  return subject.key.length === 0 ? rowText(subject) : recordOf(subject.key);
}

/** A record of columns of `t`, as text. */
export function recordOf(columns: readonly string[]): string {
  return `row(${listed(columns, 't')})::text`;
}
