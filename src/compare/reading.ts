import { listed, quoteLiteral } from '../db/identifiers.js';
import type { Digest } from './digest.js';
import type { Range } from './ranges.js';
import { digestedText, keyText } from './row-text.js';
import type { Side, Subject } from './subject.js';

/** Which rows of a subject are read, and how their texts are digested. */
export interface Reading {
  readonly subject: Subject;
  readonly digest: Digest;
  readonly range: Range;
}

/** Into so many parts a range is taken apart by its keys when the sides differ. */
export const buckets = 1024;

/** One row: `rows`, how many there are. */
export function countSql(reading: Reading, side: Side): string {
  return `select count(*) as rows from ${side.rows} where ${conditionOf(reading)}`;
}

/**
 * One row: `rows`, and `sum`, 128 bits that stand for all of them in whatever order. Sums, not exclusive ors: of a row that is there
 * twice these would leave nothing.
 */
export function checksumSql(reading: Reading, side: Side): string {
  const { digest } = reading;
  // The offset has each row's text made once, not once for each half.
  return `select count(*) as rows, ${sumOf('h0', 'h1')} as sum
    from (select ${digest('r', 0)} as h0, ${digest('r', 1)} as h1
            from (select ${digestedText(reading.subject, digest)} as r from ${side.rows} where ${conditionOf(reading)} offset 0) x) y`;
}

/** A row for each bucket that has rows: `bucket`, `rows`, `sum`. */
export function bucketSql(reading: Reading, side: Side): string {
  const { digest } = reading;
  return `select bucket, count(*) as rows, ${sumOf('h0', 'h1')} as sum
    from (select ${bucketOf(digest)} as bucket, ${digest('r', 0)} as h0, ${digest('r', 1)} as h1
            from (${keysAndRows(reading, side)}) x) y
   group by bucket`;
}

/**
 * The rows of some buckets: `key` as a record and `state`, which is equal on both sides where the row is. In a table without a key
 * the row is the key, and its state how many there are of it.
 */
export function rowsSql(reading: Reading, side: Side, some: readonly number[]): string {
  const { digest, subject } = reading;
  const from = `from (${keysAndRows(reading, side)}) x where ${bucketOf(digest)} = any ('{${some.join(',')}}')`;
  return subject.key.length === 0
    ? `select k as key, count(*)::text as state ${from} group by k`
    : `select k as key, ${stateText(digest)} as state ${from}`;
}

/** 128 bits of a row's text `r`. */
export function stateText(digest: Digest): string {
  return `${digest('r', 0)} || ' ' || ${digest('r', 1)}`;
}

function keysAndRows(reading: Reading, side: Side): string {
  const { subject, digest } = reading;
  return `select ${keyText(subject)} as k, ${digestedText(subject, digest)} as r from ${side.rows} where ${conditionOf(reading)} offset 0`;
}

function sumOf(...columns: readonly string[]): string {
  return columns.map((column) => `coalesce(sum(${column}), 0)::text`).join(` || ' ' || `);
}

function bucketOf(digest: Digest): string {
  return `(${digest('k', 2)} & ${buckets - 1})::integer`;
}

function conditionOf({ subject, digest, range }: Reading): string {
  return [`(${subject.where})`, ...within(subject, digest, range)].join(' and ');
}

function within(subject: Subject, digest: Digest, range: Range): string[] {
  if (range.kind === 'slices') {
    // Of a negative number the remainder is negative.
    return [
      `abs(${digest(keyText(subject), 2)} % ${range.of})::integer = any ('{${range.numbers.join(',')}}')`,
    ];
  }
  const columns = `(${listed(subject.key, 't')})`;
  const values = (bound: readonly string[]): string =>
    `(${bound.map((value, n) => `${quoteLiteral(value)}::${range.types[n] ?? 'text'}`).join(', ')})`;
  return [
    ...(range.from ? [`${columns} >= ${values(range.from)}`] : []),
    ...(range.to ? [`${columns} < ${values(range.to)}`] : []),
  ];
}
