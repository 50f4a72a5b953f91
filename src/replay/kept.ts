import type { Layout } from '../event/layout.js';
import { KeptBag } from './kept-bag.js';
import { KeptRows, type Shared } from './kept-rows.js';

/** What a chunk does to one table: of each key what it ends as, or by how many copies each row has become more or fewer. */
export type Kept = KeptRows | KeptBag;

/**
 * For the changes of a table that begin with one of `layout`. `registered` is the key that the provider has for it, as far
 * as is known here; whether there is one at all an event knows best, which may be older than that, or newer.
 */
export function keptFor(
  table: string,
  {
    registered,
    layout,
    shared,
  }: { registered: readonly string[]; layout: Layout | undefined; shared: Shared },
): Kept {
  const written = layout?.key ?? registered;
  if (written.length === 0) return new KeptBag(table, shared);
  return new KeptRows(table, registered.length === 0 ? written : registered, shared);
}
