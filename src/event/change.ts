import type { EventHeader } from './event-lines.js';

/** The event types that our capture writes. No format of PgQ uses them. */
export const eventTypes = {
  inserted: 'row:I',
  updated: 'row:U',
  gone: 'gone',
  truncate: 'truncate',
  noImage: 'no-image',
  removed: 'removed',
} as const;

/**
 * What an event says about its table:
 *  row       a key has this row now; `fresh` when an INSERT wrote it, so the key is not expected to be there yet
 *  gone      a key is gone; the event holds the key's fields, or with `wholeRow` the whole old row; `moved` when an
 *            UPDATE changed the key, so the row is expected under another one
 *  truncate  all rows are gone
 *  no-image  a key has a row that was too large to be carried
 *  removed   the table was taken out of the set: changes after it were not captured
 *  foreign   none of ours
 */
export type Change =
  | { readonly kind: 'row'; readonly layoutId: string; readonly fresh: boolean }
  | { readonly kind: 'gone'; readonly layoutId: string; readonly wholeRow: boolean; readonly moved: boolean }
  | { readonly kind: 'truncate' | 'no-image' | 'removed' | 'foreign' };

/** By header, not by event: one for all events that say the same. */
const known = new WeakMap<EventHeader, Change>();

export function changeOf(header: EventHeader): Change {
  let change = known.get(header);
  if (change === undefined) {
    change = read(header);
    known.set(header, change);
  }
  return change;
}

function read({ type, layoutId, flags }: EventHeader): Change {
  if (type === eventTypes.truncate) return { kind: 'truncate' };
  if (type === eventTypes.removed) return { kind: 'removed' };
  if (type === eventTypes.noImage) return { kind: 'no-image' };
  if (layoutId === null) return { kind: 'foreign' };
  if (type === eventTypes.inserted) return { kind: 'row', layoutId, fresh: true };
  if (type === eventTypes.updated) return { kind: 'row', layoutId, fresh: false };
  if (type !== eventTypes.gone) return { kind: 'foreign' };
  const all = flags?.split(',') ?? [];
  return { kind: 'gone', layoutId, wholeRow: all.includes('old-row'), moved: all.includes('old-key') };
}
