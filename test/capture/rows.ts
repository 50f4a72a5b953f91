import { quoteIdent } from '../../src/db/identifiers.js';
import type { Session } from '../../src/db/session.js';
import { hasHeir, part } from './parts.js';
import { child, hasChild, qualified, type Table } from './table.js';

type Named = Pick<Table, 'schema' | 'name'>;

/** Where rows are: a table's own, and those of the table that inherits from it. */
interface Place {
  readonly own: Named;
  readonly heir: Named;
}

export const placeOf = (named: Table): Place => ({ own: named, heir: part(named, 'heir') });

/** Where a table's rows are kept when it is dropped. */
export const keptPlaceOf = ({ nr }: Table): Place => ({
  own: { schema: 'public', name: `kept ${nr}` },
  heir: { schema: 'public', name: `kept heir ${nr}` },
});

/** SQL that keeps the rows of a table which is about to be dropped. */
export function keep(table: Table): string {
  const from = placeOf(table);
  const to = keptPlaceOf(table);
  const copy = (what: keyof Place): string =>
    `create table ${qualified(to[what])} as select * from ${only(table)}${qualified(from[what])}`;
  return [copy('own'), ...(hasHeir(table) ? [copy('heir')] : [])].join('; ');
}

/** The rows of a table without its heir's; a partitioned one has none but its partitions'. */
const only = (table: Table): string => (hasHeir(table) ? 'only ' : '');

/**
 * All rows, or those that `where` says, and those of what belongs to the table, as text, in an order that depends on nothing
 * else. Where they are may be called otherwise than `as`, its columns may not.
 */
export async function rowsOf(session: Session, place: Place, as: Table, where = ''): Promise<string[]> {
  const columns = as.columns.map(({ name }) => quoteIdent(name)).join(', ');
  const queries = [`select row(${columns})::text as row from ${only(as)}${qualified(place.own)} ${where}`];
  if (hasChild(as)) queries.push(`select 'child ' || (t.*)::text from ${child(as)} t`);
  if (hasHeir(as)) queries.push(`select 'heir ' || row(${columns}, h)::text from ${qualified(place.heir)}`);
  return (await session.query<{ row: string }>(queries.join(' union all '))).map(({ row }) => row).sort();
}
