import type { Session } from '../db/session.js';
import { missingDefinitions, type MissingDefinition } from '../londiste/stored-definition.js';
import type { SubscriptionName } from '../londiste/subscription-name.js';
import type { Fault } from '../londiste/table-fault.js';
import type { SubscribedTable } from '../londiste/table-state.js';
import { owners } from '../table/state.js';

/**
 * Indexes and constraints that a copy has dropped and that nobody will build by himself: of tables that are parked, or not on the
 * list any more. `tables` is the list.
 */
export async function definitionFaults(
  subscriber: Session,
  name: SubscriptionName,
  tables: readonly SubscribedTable[],
): Promise<(Fault & { readonly table: string })[]> {
  const missing = (await missingDefinitions(subscriber, name)).filter(({ isThere }) => !isThere);
  return missing.flatMap((one) => {
    const listed = tables.find((table) => table.name === one.table);
    if (listed && owners[listed.state] === 'copier') return [];
    return {
      table: one.table,
      what: `table ${one.table}: ${one.kind} ${one.name} is missing: its copy has dropped it, and did not come to build it again`,
      fix: listed ? `londiste CONFIG subscriber retry ${one.table}, or resync` : byHand(one),
    };
  });
}

/** Adding the table again does it too. */
function byHand({ createIndex, hasIndex, addConstraint, finish }: MissingDefinition): string {
  const index = hasIndex ? undefined : createIndex;
  return [index, addConstraint, ...finish].filter((statement) => statement !== undefined).join('; ');
}
