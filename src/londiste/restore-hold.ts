import type { Session } from '../db/session.js';
import { inTransaction } from '../db/transaction.js';
import type { Log } from '../kernel/log.js';
import { lockPosition } from './position.js';
import { heldTick, holdEvents, isEventsGone } from './provider.js';
import type { SubscriptionName } from './subscription-name.js';
import { setTableError, setTableState, subscriberGetTableList, type SubscribedTable } from './table-state.js';

/** What restoring needs of whoever serves the subscription. */
interface Serving {
  readonly name: SubscriptionName;
  readonly provider: Session;
  readonly subscriber: Session;
  readonly fence: number;
  readonly log: Log;
}

/** Tables that the provider keeps events for: each from its own tick on. */
function behindTheStream(tables: readonly SubscribedTable[]): (SubscribedTable & { tickId: number })[] {
  return tables.flatMap((table) =>
    table.state === 'ok' || table.tickId === undefined ? [] : [{ ...table, tickId: table.tickId }],
  );
}

/** From which tick on the provider must keep events for tables that stand elsewhere than the subscription; undefined when for none. */
export async function heldFrom(
  subscriber: Session,
  { queue, consumer }: SubscriptionName,
): Promise<{ readonly tick: number | undefined; readonly isStarting: boolean }> {
  const { tick_id, is_starting } = await subscriber.one<{ tick_id: number | null; is_starting: boolean }>(
    'select * from londiste.held_from($1, $2)',
    [queue, consumer],
  );
  return { tick: tick_id ?? undefined, isStarting: is_starting };
}

/**
 * Makes the provider keep the events that tables with a position of their own need, from the earliest of those
 * positions on. A crash between parking a table and holding its events leaves the second undone, and an operator may
 * drop the hold consumer to free the provider's disk: then, once rotation has passed, only a new copy can help, and the
 * tables that it took the events from become `wanted`. Must run before anything is finished on the provider. Returns the
 * names of those tables.
 */
export async function restoreHold({ name, provider, subscriber, fence, log }: Serving): Promise<string[]> {
  const { tick: earliest } = await heldFrom(subscriber, name);
  if (earliest === undefined) return [];
  const held = await heldTick(provider, name);
  if (held !== undefined && held <= earliest) return [];
  // Under the position's lock no table comes to stand elsewhere, or is parked, meanwhile.
  const lost = await inTransaction(subscriber, async () => {
    await lockPosition(subscriber, name, fence);
    const tables = behindTheStream(await subscriberGetTableList(subscriber, name));
    const gone = await holdFromEarliest(provider, name, tables);
    for (const { name: table, tickId } of gone) {
      await setTableState(subscriber, name, { table, event: 'lost', fence });
      await setTableError(subscriber, name, table, { message: explanation(table, tickId) });
    }
    return gone;
  });
  for (const { name: table, tickId } of lost) log.warn({ table }, explanation(table, tickId));
  return lost.map((table) => table.name);
}

/** Holds from the earliest position whose events are there; returns the tables before it. */
async function holdFromEarliest<T extends { readonly tickId: number }>(
  provider: Session,
  name: SubscriptionName,
  tables: readonly T[],
): Promise<T[]> {
  const ticks = [...new Set(tables.map(({ tickId }) => tickId))].sort((a, b) => a - b);
  for (const tick of ticks) {
    try {
      await holdEvents(provider, name, tick);
      return tables.filter(({ tickId }) => tickId < tick);
    } catch (error) {
      if (!isEventsGone(error)) throw error;
    }
  }
  return [...tables];
}

function explanation(table: string, tickId: number): string {
  return (
    `table ${table}: the provider does not have the events since tick ${tickId} any more, ` +
    'because its hold consumer was dropped; the table is copied anew'
  );
}
