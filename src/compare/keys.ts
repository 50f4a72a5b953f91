import { listed } from '../db/identifiers.js';
import type { Session } from '../db/session.js';
import { fieldValue, nullField, splitRecord } from '../event/record.js';
import { onBoth, type Readers } from './bench.js';
import type { Digest } from './digest.js';
import { differences, type Finding } from './findings.js';
import { asStates } from './range-comparison.js';
import { stateText } from './reading.js';
import { digestedText, keyText, rowText } from './row-text.js';
import type { Side, Subject } from './subject.js';

/** Rows of a side by their keys, as records of the compared columns; keys that it does not have are not there. */
export async function rowsByKey(
  reader: Session,
  { subject, side, keys }: { subject: Subject; side: Side; keys: readonly string[] },
): Promise<Map<string, string>> {
  const { condition, values } = keyed(subject, keys);
  const rows = await reader.query<{ key: string; row: string }>(
    `select ${keyText(subject)} as key, ${rowText(subject)} as row from ${side.rows} where ${condition}`,
    values,
  );
  return new Map(rows.map(({ key, row }) => [key, row]));
}

/** Compares only the rows of these keys. */
export async function compareKeys(
  readers: Readers,
  { subject, digest, keys }: { subject: Subject; digest: Digest; keys: readonly string[] },
): Promise<Finding[]> {
  const { condition, values } = keyed(subject, keys);
  const isBag = subject.key.length === 0;
  const states = await onBoth((side) =>
    readers[side].query<{ key: string; state: string }>(
      `select k as key, ${isBag ? 'count(*)::text' : stateText(digest)} as state
         from (select ${keyText(subject)} as k, ${digestedText(subject, digest)} as r
                 from ${subject.sides[side].rows} where ${condition} offset 0) x${isBag ? ' group by k' : ''}`,
      values,
    ),
  );
  return differences(asStates(states.provider), asStates(states.subscriber), isBag);
}

/** By the values, so that an index finds them: what is equal and written in another way is found as well. */
function keyed(subject: Subject, keys: readonly string[]): { condition: string; values: unknown[] } {
  if (subject.key.length === 0)
    return { condition: `${rowText(subject)} = any ($1::text[])`, values: [keys] };
  const records = keys.map((key) => splitRecord(key).map(fieldValue));
  const types = subject.key.map(
    (name) =>
      subject.sides.provider.shape.columns.find((column) => column.name === name)?.base_type ?? 'text',
  );
  return {
    condition: `(${listed(subject.key, 't')}) in (select ${types
      .map((type, n) => `u.k${n}::${type}`)
      .join(', ')} from unnest(${types.map((_, n) => `$${n + 1}::text[]`).join(', ')}) as u(${types
      .map((_, n) => `k${n}`)
      .join(', ')}))`,
    values: subject.key.map((_, n) => records.map((record) => record[n] ?? null)),
  };
}

/** A record of the compared columns as one of all columns of a layout: what is not compared is not carried either, and NULL there. */
export function asImage(row: string, columns: readonly string[], layout: readonly string[]): string {
  const fields = splitRecord(row);
  const at = new Map(columns.map((column, n) => [column, fields[n] ?? nullField]));
  return `(${layout.map((column) => at.get(column) ?? nullField).join(',')})`;
}
