import { inTransaction } from '../db/transaction.js';
import { lockPosition } from '../londiste/position.js';
import { heldTick, releaseEvents } from '../londiste/provider.js';
import { heldFrom } from '../londiste/restore-hold.js';
import type { Desk } from './desk.js';

/**
 * Lets the provider drop the events that no table needs any more: it keeps those of the table that stands furthest back,
 * and none when no table has a position of its own. Looking at the tables and then moving the hold consumer would let go
 * of what a table needs that replay parks in between, so both happen under the position's lock; most passes find
 * nothing to move and do without.
 */
export async function settleHold({
  provider,
  subscriber,
  name,
  fence,
}: Pick<Desk, 'provider' | 'subscriber' | 'name' | 'fence'>): Promise<void> {
  const held = await heldTick(provider, name);
  if (held === undefined || (await neededTick()) === held) return;
  await inTransaction(subscriber, async () => {
    await lockPosition(subscriber, name, fence);
    const needed = await neededTick();
    if (needed !== 'unknown') await releaseEvents(provider, name, needed);
  });

  async function neededTick(): Promise<number | 'unknown' | undefined> {
    const { tick, isStarting } = await heldFrom(subscriber, name);
    // A copy that has begun will need the events from before its snapshot, and has not stored yet which those are.
    return isStarting ? 'unknown' : tick;
  }
}
