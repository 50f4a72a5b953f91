import { nextRange } from '../londiste/next-range.js';
import { isSameTick, type Tick } from '../table/tick.js';
import type { Link } from './link.js';
import { lostPosition } from './track.js';

/** A batch of the queue: the events in the snapshot of `to` and not in that of `from`. */
export interface Batch {
  readonly from: Tick;
  readonly to: Tick;
  /** The queue's last tick when the batch was taken: later than `to` while replay is behind. */
  readonly head: Tick;
}

/**
 * Events that one batch has at most, unless a single tick closes more. While replay is behind it takes several ticks at
 * once: fewer commits, and rows that change again and again are written once. When it is not, there is one tick to take.
 */
export const mostEvents = 200_000;

/** Events of the first batch of a connection, and twice as many of each that follows: so that applying begins soon. */
export const firstEvents = 25_000;

/** The batch that follows tick `from`, or undefined when there is none yet, or none that ends at tick `last` or before. */
export async function takeBatch(
  { name, provider, batches }: Link,
  from: Tick,
  last?: number,
): Promise<Batch | undefined> {
  const range = await nextRange(provider, name.queue, {
    after: from.tickId,
    mostEvents: batches.mostEvents,
    last,
  });
  if (range.from === undefined || !isSameTick(range.from, from))
    throw lostPosition({ name, provider }, from, range.from);
  return range.to && { from, to: range.to, head: range.head ?? range.to };
}
