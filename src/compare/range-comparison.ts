import { onBoth, type Readers } from './bench.js';
import { differences, type Finding, type States } from './findings.js';
import { bucketSql, checksumSql, countSql, rowsSql, type Reading } from './reading.js';

/** What came of one range. */
export interface RangeOutcome {
  readonly rows: { readonly provider: number; readonly subscriber: number };
  readonly isEqual: boolean;
  /** Each row that differs; none when only rows were counted. */
  readonly findings: readonly Finding[];
}

/** Rows of a side that are taken into memory at once. */
const mostRows = 50_000;

interface Sum {
  readonly rows: number;
  readonly sum?: string;
}

/** Compares a range, of which both readers see the state at the same tick. */
export async function compareRange(
  readers: Readers,
  reading: Reading,
  { countOnly = false }: { countOnly?: boolean | undefined } = {},
): Promise<RangeOutcome> {
  const { sides } = reading.subject;
  const sql = countOnly ? countSql : checksumSql;
  const sums = await onBoth((side) => readers[side].one<Sum>(sql(reading, sides[side])));
  const rows = { provider: sums.provider.rows, subscriber: sums.subscriber.rows };
  const isEqual = rows.provider === rows.subscriber && sums.provider.sum === sums.subscriber.sum;
  const findings = isEqual || countOnly ? [] : await findDifferences(readers, reading);
  return { rows, isEqual, findings };
}

/** Takes the range apart by a hash of the keys, and reads only the parts that differ. */
async function findDifferences(readers: Readers, reading: Reading): Promise<Finding[]> {
  const { sides, key } = reading.subject;
  const parts = await onBoth((side) =>
    readers[side].query<Sum & { bucket: number }>(bucketSql(reading, sides[side])),
  );
  const [there, here] = [byBucket(parts.provider), byBucket(parts.subscriber)];
  const differing = [...new Set([...there.keys(), ...here.keys()])].filter(
    (bucket) =>
      there.get(bucket)?.sum !== here.get(bucket)?.sum || there.get(bucket)?.rows !== here.get(bucket)?.rows,
  );
  const findings: Finding[] = [];
  const rowsOf = (bucket: number): number =>
    Math.max(there.get(bucket)?.rows ?? 0, here.get(bucket)?.rows ?? 0);
  for (const some of groups(differing, rowsOf)) {
    const states = await onBoth((side) =>
      readers[side].query<{ key: string; state: string }>(rowsSql(reading, sides[side], some)),
    );
    findings.push(...differences(asStates(states.provider), asStates(states.subscriber), key.length === 0));
  }
  return findings;
}

export function asStates(rows: readonly { key: string; state: string }[]): States {
  return new Map(rows.map(({ key, state }) => [key, state]));
}

function byBucket(rows: readonly (Sum & { bucket: number })[]): Map<number, Sum> {
  return new Map(rows.map((row) => [row.bucket, row]));
}

/** Buckets together for as long as they have no more rows than fit into memory. */
function* groups(
  all: readonly number[],
  rowsOf: (bucket: number) => number,
): Generator<number[], void, undefined> {
  let some: number[] = [];
  let rows = 0;
  for (const bucket of all) {
    if (some.length > 0 && rows + rowsOf(bucket) > mostRows) {
      yield some;
      some = [];
      rows = 0;
    }
    some.push(bucket);
    rows += rowsOf(bucket);
  }
  if (some.length > 0) yield some;
}
