import { quoteIdent } from '../../src/db/identifiers.js';
import type { Session } from '../../src/db/session.js';
import { child, hasChild, qualified, type Table } from './table.js';

/**
 * All rows, and those of the child, as text, in an order that depends on nothing else. Where a table may be called otherwise
 * than `as`, its columns may not.
 */
export async function rowsOf(session: Session, named: Table, as: Table): Promise<string[]> {
  const columns = as.columns.map(({ name }) => quoteIdent(name)).join(', ');
  const queries = [`select row(${columns})::text as row from ${qualified(named)}`];
  if (hasChild(as)) queries.push(`select 'child ' || (t.*)::text from ${child(as)} t`);
  return (await session.query<{ row: string }>(queries.join(' union all '))).map(({ row }) => row).sort();
}
