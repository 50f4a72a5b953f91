import { inTransaction } from '../db/transaction.js';
import { asLondisteError, LondisteError } from '../kernel/errors.js';
import { lockPosition } from '../londiste/position.js';
import {
  findTable,
  isExact,
  setTableState,
  subscriberResyncTable,
  type SubscribedTable,
} from '../londiste/table-state.js';
import { columnsOfBoth } from '../londiste/shadow.js';
import { describeTable } from '../londiste/table-shape.js';
import { Superseded } from '../table/superseded.js';
import type { Tick } from '../table/tick.js';
import { BatchWriter } from './batch-writer.js';
import { Chunks } from './chunks.js';
import { forgetShapes, type Link } from './link.js';
import { Plan } from './plan.js';
import { reportDrift } from './table-moves.js';

/**
 * Brings one table from its own position V to tick `to`: its events in the snapshot of the tick and not in V, and V
 * itself, in one transaction. Between ranges of a copy it is `copying`, and stands at the first range's snapshot before its first
 * step. False when it is in neither state any more.
 */
export async function catchUp(link: Link, table: string, to: Tick): Promise<boolean> {
  const { subscriber, name } = link;
  const here = await findTable(subscriber, name, table);
  const from = here && standsAt(here);
  if (!here || from === undefined) return false;
  if (here.isShadowed) await requireFit(link, here);
  const range = { from, to: to.tickId, tables: [table], wants: () => true };
  const plan = new Plan(link.replacing);
  for (;;) {
    const chunks = new Chunks(link, [range]);
    try {
      return await applyRange(link, { chunks, plan, here, from: range.from, to });
    } catch (thrown) {
      await chunks.close();
      if (thrown instanceof Superseded) return false;
      await forgetShapes(link);
      const error = asLondisteError(thrown);
      // Parking is the copier's; what is tried again here is only another way of writing.
      if (subscriber.closed || !plan.learn(error) || plan.parked.has(table)) throw error;
    }
  }
}

/** A shadow has the table's columns as they were: rows of other types would not go into the table in the end. */
async function requireFit({ subscriber }: Link, table: SubscribedTable): Promise<void> {
  const real = await describeTable(subscriber, table.destination.table);
  const shadow = await describeTable(subscriber, table.landing.table);
  // One that is not there any more says so itself.
  if (real && shadow) columnsOfBoth(table, { real, shadow });
}

function standsAt({ state, snapshot, copySnapshot }: SubscribedTable): string | undefined {
  if (state === 'copying') return snapshot?.text ?? copySnapshot;
  return state === 'catching-up' ? snapshot?.text : undefined;
}

interface Step {
  readonly chunks: Chunks;
  readonly plan: Plan;
  readonly here: SubscribedTable;
  /** The snapshot that the table stands at. */
  readonly from: string;
  readonly to: Tick;
}

async function applyRange(link: Link, { chunks, plan, here, from, to }: Step): Promise<boolean> {
  const { name: table, landing } = here;
  const { subscriber, name, fence, log } = link;
  await chunks.ready();
  return inTransaction(subscriber, async () => {
    const writer = new BatchWriter(link, plan, { destinationOf: () => landing });
    let isRemoved = false;
    for await (const chunk of chunks.each()) {
      await writer.apply(chunk);
      isRemoved ||= chunk.removed.has(table);
    }
    const drift = await writer.finish();
    // Rows of ranges that were read later than the change are there already, or not there any more.
    if (isExact(here)) reportDrift(log, drift);
    if (isRemoved) {
      await subscriberResyncTable(subscriber, name, table);
      return false;
    }
    // The server may still have been about to commit the step before, whose connection was lost on the way.
    await lockPosition(subscriber, name, fence);
    const now = await findTable(subscriber, name, table);
    if (now?.snapshot !== undefined && now.snapshot.text !== from)
      throw new LondisteError('busy', 'the position of the table moved while its events were fetched');
    const mark = { tickId: to.tickId, snapshot: to.snapshot };
    const event = here.state === 'copying' ? 'copy-step' : 'step';
    if (!(await setTableState(subscriber, name, { table, event, fence, mark }))) throw new Superseded();
    return true;
  });
}
