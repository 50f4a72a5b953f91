import type { LondisteError } from '../kernel/errors.js';
import type { Log } from '../kernel/log.js';
import { explain } from '../kernel/service.js';
import { altersFor } from '../londiste/drift.js';
import { asShadowFault } from '../londiste/shadow.js';
import {
  parkTable,
  setTableError,
  setTableState,
  subscriberResyncTable,
  type SubscribedTable,
  type TableMark,
} from '../londiste/table-state.js';
import type { Decision } from './handover.js';
import type { Link } from './link.js';
import type { Plan } from './plan.js';
import type { Drift } from './table-writer.js';
import type { Batch } from './take.js';

interface Moves {
  readonly batch: Batch;
  readonly decision: Decision;
  /** Tables that left the set within the batch. */
  readonly removed: ReadonlySet<string>;
  readonly parked: ReadonlyMap<string, LondisteError>;
}

/** Moves tables between replay and the others, in the transaction of the batch that does it. */
export async function moveTables(
  link: Link,
  moves: Moves,
): Promise<{ tookOver: readonly string[]; parked: readonly string[] }> {
  const { subscriber, name, fence, log } = link;
  const { decision, removed, parked } = moves;
  const isFit = ({ name: table }: SubscribedTable): boolean => !parked.has(table);
  for (const { name: table, snapshot, tickId } of decision.with('behind').filter(isFit)) {
    await setTableState(subscriber, name, {
      table,
      event: 'behind',
      fence,
      mark: markOf(snapshot?.text, tickId),
    });
  }
  const taken = decision.with('take-over').filter(isFit);
  for (const { name: table } of taken)
    await setTableState(subscriber, name, { table, event: 'taken-over', fence });
  const left = await park(link, moves);
  for (const table of decision.tables.mended)
    if (!parked.has(table)) await setTableError(subscriber, name, table, undefined);
  for (const table of removed) {
    await subscriberResyncTable(subscriber, name, table);
    log.warn(
      { table },
      `table ${table} was taken out of the set on the provider; it is copied anew if it is added again`,
    );
  }
  return { tookOver: taken.map((table) => table.name), parked: left };
}

/** Tables that are taken over with this batch, and are not equal to their shadows yet. */
export function shadowsToBe(
  decision: Decision,
  { plan, removed }: { plan: Plan; removed: ReadonlySet<string> },
): SubscribedTable[] {
  return decision
    .with('take-over')
    .filter(({ name, isShadowed }) => isShadowed && !plan.parked.has(name) && !removed.has(name));
}

/** Parks tables where the batch begins; one that replay has not taken over yet, where it stands itself. */
async function park(link: Link, { batch: { from }, decision, parked }: Moves): Promise<string[]> {
  const { subscriber, name, fence, log } = link;
  const left: string[] = [];
  const taken = new Set(decision.with('take-over').map((table) => table.name));
  for (const [table, error] of parked) {
    // Any other is not replay's to move.
    if (!decision.streams(table) && !taken.has(table)) continue;
    const mark = decision.streams(table) ? markOf(from.snapshot, from.tickId) : undefined;
    const known = decision.tables.get(table);
    const alters = known === undefined ? [] : await altersFor(link, known, error);
    if (
      !(await parkTable(subscriber, name, { table, fence, mark, error: asShadowFault(known, error), alters }))
    )
      continue;
    left.push(table);
    log.error({ ...explain(error), table }, `table ${table} is parked, the others go on: ${error.message}`);
  }
  return left;
}

function markOf(snapshot: string | undefined, tickId: number | undefined): TableMark | undefined {
  return snapshot === undefined || tickId === undefined ? undefined : { tickId, snapshot };
}

export function reportDrift(log: Log, drift: readonly Drift[]): void {
  for (const { table, missing, extra } of drift) {
    log.warn(
      { table, missing, extra },
      `table ${table} was not what the provider took it for: ${missing} rows were missing, ${extra} were there already; they are right now`,
    );
  }
}
