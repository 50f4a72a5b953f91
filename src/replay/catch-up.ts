import { setTableState, subscriberGetTableList, subscriberResyncTable } from '../londiste/table-state.js';
import type { Tick } from '../table/tick.js';
import { applyChanges, inEitherMode } from './apply.js';
import { collect } from './collect.js';
import type { Link } from './link.js';

/**
 * Brings one table from its own position V to tick `to`: its events in the snapshot of the tick and not in V, and V
 * itself, in one transaction. False when the table is not `catching-up` any more.
 */
export async function catchUp(link: Link, table: string, to: Tick): Promise<boolean> {
  const { subscriber, name, fence } = link;
  const here = (await subscriberGetTableList(subscriber, name)).find((candidate) => candidate.name === table);
  if (here?.state !== 'catching-up' || here.snapshot === undefined) return false;
  const { tables, removed } = await collect(
    link,
    { from: here.snapshot.text, to: to.tickId, tables: [table] },
    () => true,
  );
  if (removed.has(table)) {
    await subscriberResyncTable(subscriber, name, table);
    return false;
  }
  const changes = tables.get(table);
  const mark = { tickId: to.tickId, snapshot: to.snapshot };

  try {
    await inEitherMode(subscriber, async (mode) => {
      if (changes) {
        const target = await link.targets.get(table, changes.keyColumns);
        await applyChanges(subscriber, [{ target, changes }], mode);
      }
      if (!(await setTableState(subscriber, name, { table, event: 'step', fence, mark })))
        throw new Superseded();
    });
    return true;
  } catch (error) {
    if (error instanceof Superseded) return false;
    throw error;
  }
}

/** Thrown inside the transaction to roll it back: an operator removed the table, or asked for a new copy, meanwhile. */
class Superseded extends Error {}
