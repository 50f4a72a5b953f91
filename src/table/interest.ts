import type { Snapshot } from './snapshot.js';
import type { TableState } from './state.js';

/**
 * What replay does with one table in a batch (A,B]:
 *  stream    its events of the batch are applied as they come;
 *  skip      they are not: the table is in its copier's hands, parked, or already ahead of B;
 *  take-over its events from its own position V to B are applied instead, and it is `ok` from then on;
 *  behind    as take-over, but V is so far back that the copier shall catch up first.
 */
export type Interest = 'stream' | 'skip' | 'take-over' | 'behind';

export interface TablePosition {
  readonly state: TableState;
  /** V, what the table's rows hold; there whenever the state is `ready`. */
  readonly snapshot: Snapshot | undefined;
  /** The last tick whose snapshot V contains. */
  readonly tickId: number | undefined;
}

export interface BatchBounds {
  readonly from: { readonly tickId: number; readonly snapshot: Snapshot };
  readonly to: { readonly tickId: number; readonly snapshot: Snapshot };
}

/**
 * How many ticks replay fetches for a table within its own transaction. The copier was at the head when it said
 * `ready`, so more than a few means that something held replay up since; then its other tables would wait for this one.
 */
const mostTicksBehind = 1000;

/**
 * All snapshots of one running primary are ordered by inclusion, so V is before A, between A and B, or after B. In
 * the first two cases the events in S(B) and not in V are exactly what the table lacks at B.
 */
export function interestOf(table: TablePosition, { from, to }: BatchBounds): Interest {
  if (table.state === 'ok') return 'stream';
  if (table.state !== 'ready' || table.snapshot === undefined) return 'skip';
  if (!to.snapshot.contains(table.snapshot)) return 'skip';
  const isBehind = !table.snapshot.contains(from.snapshot);
  return isBehind && from.tickId - (table.tickId ?? 0) > mostTicksBehind ? 'behind' : 'take-over';
}
