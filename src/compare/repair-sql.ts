import { listed, quoteIdent, quoteLiteral } from '../db/identifiers.js';
import { fieldValue, splitRecord } from '../event/record.js';
import { namesHere } from '../londiste/column-list.js';
import type { Finding } from './findings.js';
import { recordOf } from './row-text.js';
import type { Subject } from './subject.js';

/** The rows of a finding, as records of the compared columns; undefined where a side has none. */
export interface BothRows {
  readonly provider: string | undefined;
  readonly subscriber: string | undefined;
}

/** The statement that makes a row of the subscriber what the provider has. */
export function repairSql(subject: Subject, { kind, key, copies }: Finding, rows: BothRows): string {
  const { destination, sides, columns } = subject;
  const here = namesOf(subject);
  if (kind === 'extra') {
    const table = sides.subscriber.only.replace(/^only /, 'ONLY ');
    const from = `DELETE FROM ${table}`;
    if (subject.key.length > 0) return `${from} WHERE ${keyIs(subject, key)};`;
    const some = `SELECT ctid FROM ${table} t WHERE ${recordOf(columns.map((name) => here.get(name) ?? name))} = ${quoteLiteral(key)} LIMIT ${copies}`;
    return `${from} WHERE ctid IN (${some});`;
  }
  const values = valuesOf(rows.provider ?? key);
  if (kind === 'missing') {
    const names = listed(columns.map((name) => here.get(name) ?? name));
    const insert = `INSERT INTO ${destination.table} (${names}) OVERRIDING SYSTEM VALUE VALUES (${values.join(', ')});`;
    return Array.from({ length: copies }, () => insert).join('\n');
  }
  const old = valuesOf(rows.subscriber ?? '()');
  const set = columns.flatMap((name, n) =>
    values[n] === old[n] ? [] : [`${quoteIdent(here.get(name) ?? name)} = ${values[n] ?? 'NULL'}`],
  );
  return `UPDATE ${destination.table} SET ${set.join(', ')} WHERE ${keyIs(subject, key)};`;
}

function namesOf({ columns, destination }: Subject): Map<string, string> {
  const names = namesHere(columns, destination);
  return new Map(columns.map((column, n) => [column, names[n] ?? column]));
}

function keyIs(subject: Subject, key: string): string {
  const here = namesOf(subject);
  const values = valuesOf(key);
  return subject.key
    .map((name, n) => `${quoteIdent(here.get(name) ?? name)} = ${values[n] ?? 'NULL'}`)
    .join(' AND ');
}

function valuesOf(record: string): string[] {
  return splitRecord(record).map((field) => {
    const value = fieldValue(field);
    return value === null ? 'NULL' : quoteLiteral(value);
  });
}
