import type { Session } from '../db/session.js';
import type { LondisteError } from '../kernel/errors.js';
import { columnFaults } from './column-fault.js';
import { describeTable } from './table-shape.js';
import type { SubscribedTable } from './table-state.js';

/**
 * What to type on the subscriber when an error of a table comes from columns that are not the provider's any more;
 * nothing where they are, or the error is about something else.
 */
export async function altersFor(
  { provider, subscriber }: { provider: Session; subscriber: Session },
  { name, destination }: SubscribedTable,
  error: LondisteError,
): Promise<string[]> {
  if ((error.kind !== 'schema' && error.kind !== 'data') || error.needsCopy) return [];
  const there = await describeTable(provider, name);
  const here = await describeTable(subscriber, destination.table);
  if (!there || !here) return [];
  // The key is the registered one, which is no question of columns.
  return columnFaults({ name, keyColumns: [], destination }, there, here).map(({ fix }) => fix);
}
