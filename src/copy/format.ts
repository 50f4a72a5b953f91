import type { Session } from '../db/session.js';
import { typeNames } from '../db/type-names.js';
import { LondisteError } from '../kernel/errors.js';
import { describeTable } from '../londiste/table-shape.js';
import type { Copied } from './columns.js';
import type { Reading } from './reading.js';

/** Types whose binary form every version writes and reads alike, whatever is set: not money, not xml, nothing with an OID of its database. */
const portable = typeNames(
  `smallint|integer|bigint|numeric|real|double precision|oid|boolean|uuid|bytea|text|character varying|bpchar|json|jsonb|date
   |interval|time without time zone|time with time zone|timestamp without time zone|timestamp with time zone|inet|cidr|macaddr|"bit"|bit varying`,
);

/**
 * What COPY is told on both sides: binary, which takes both servers little more than half the time of text, where all columns
 * have the same type there and here.
 */
export function formatOf(columns: readonly Copied[]): string {
  const isBinary = columns.every(
    ({ from, toType }) => from.type === toType && portable.has(from.base_type.replace(/\[\]$/, '')),
  );
  return isBinary ? ' with (format binary)' : '';
}

/**
 * In the transaction that has copied, and so has the table locked: whether the types were those that the format was chosen for.
 * Binary values of another type may fit, and be other values.
 *
 * @throws LondisteError `busy` when the table was altered in between: then the copy is to be made anew.
 */
export async function requireTypes(subscriber: Session, { columns, stored }: Reading): Promise<void> {
  if (formatOf(columns) === '') return;
  const { table } = stored.landing;
  const now = await describeTable(subscriber, table);
  const types = new Map(now?.columns.map(({ name, type }) => [name, type]));
  if (columns.every(({ to, toType }) => types.get(to) === toType)) return;
  throw new LondisteError(
    'busy',
    `table ${table} was altered on the subscriber while rows were copied into it`,
  );
}
