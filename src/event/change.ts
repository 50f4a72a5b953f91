/** One event of the queue, as the columns of its table. */
export interface QueueEvent {
  readonly id: number;
  readonly txid: number;
  readonly type: string | null;
  readonly data: string | null;
  /** ev_extra1: the table's name in the set. */
  readonly table: string | null;
  /** ev_extra2: the id of the layout that `data` has. */
  readonly layoutId: string | null;
  /** ev_extra3: flags, a list with commas. */
  readonly flags: string | null;
}

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
 *  gone      a key is gone; `image` holds the key's fields, or with `wholeRow` the whole old row; `moved` when an UPDATE
 *            changed the key, so the row is expected under another one
 *  truncate  all rows are gone
 *  no-image  a key has a row that was too large to be carried
 *  removed   the table was taken out of the set: changes after it were not captured
 *  foreign   none of ours
 */
export type Change =
  | { readonly kind: 'row'; readonly image: string; readonly layoutId: string; readonly fresh: boolean }
  | {
      readonly kind: 'gone';
      readonly image: string;
      readonly layoutId: string;
      readonly wholeRow: boolean;
      readonly moved: boolean;
    }
  | { readonly kind: 'truncate' }
  | { readonly kind: 'no-image'; readonly layoutId: string | null }
  | { readonly kind: 'removed' }
  | { readonly kind: 'foreign' };

export function changeOf({ type, data, layoutId, flags }: QueueEvent): Change {
  if (type === eventTypes.truncate) return { kind: 'truncate' };
  if (type === eventTypes.removed) return { kind: 'removed' };
  if (type === eventTypes.noImage) return { kind: 'no-image', layoutId };
  if (data === null || layoutId === null) return { kind: 'foreign' };
  if (type === eventTypes.inserted || type === eventTypes.updated) {
    return { kind: 'row', image: data, layoutId, fresh: type === eventTypes.inserted };
  }
  if (type === eventTypes.gone) {
    const all = flags?.split(',') ?? [];
    return {
      kind: 'gone',
      image: data,
      layoutId,
      wholeRow: all.includes('old-row'),
      moved: all.includes('old-key'),
    };
  }
  return { kind: 'foreign' };
}
