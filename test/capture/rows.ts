import { quoteIdent } from '../../src/db/identifiers.js';
import type { Session } from '../../src/db/session.js';
import { hasHeir, part } from './parts.js';
import { child, hasChild, qualified, type Table } from './table.js';

/**
 * All rows, or those that `where` says, and those of what belongs to the table, as text, in an order that depends on nothing
 * else. Where a table may be called otherwise than `as`, its columns may not.
 */
export async function rowsOf(session: Session, named: Table, as: Table, where = ''): Promise<string[]> {
  const columns = as.columns.map(({ name }) => quoteIdent(name)).join(', ');
  const only = hasHeir(as) ? 'only ' : '';
  const queries = [`select row(${columns})::text as row from ${only}${qualified(named)} ${where}`];
  if (hasChild(as)) queries.push(`select 'child ' || (t.*)::text from ${child(as)} t`);
  if (hasHeir(as))
    queries.push(`select 'heir ' || row(${columns}, h)::text from ${qualified(part(as, 'heir'))}`);
  return (await session.query<{ row: string }>(queries.join(' union all '))).map(({ row }) => row).sort();
}
