import type { Session } from '../db/session.js';
import type { SubscriptionName } from './subscription-name.js';

/** Where a compare wants replay to stop, as far as it knows that yet, and what replay is to repair there. */
export interface CompareRequest {
  readonly tick: number | undefined;
  readonly repair: number | undefined;
}

/**
 * What a compare holds and lets go of: `tick` until it has said where replay is to stop, `reader` until both sides are being read
 * there.
 */
export type ComparePurpose = 'tick' | 'reader';

/** The channel on which a subscriber tells a compare that replay has reached a tick: see `reachedPayload`. */
export const compareChannel = 'londiste_compare';

/** What is said on the channel when replay has committed tick `tick`. */
export function reachedPayload({ queue, consumer }: SubscriptionName, tick: number): string {
  return `${queue}/${consumer}/${tick}`;
}

/** Makes the session the one that compares; returns who does already, if somebody does. */
export async function openCompare(
  session: Session,
  { queue, consumer }: SubscriptionName,
): Promise<string | undefined> {
  const { holder } = await session.one<{ holder: string | null }>(
    'select londiste.open_compare($1, $2) as holder',
    [queue, consumer],
  );
  return holder ?? undefined;
}

/** Which session replays the subscription; undefined when none does. */
export async function replayHolder(
  session: Session,
  { queue, consumer }: SubscriptionName,
): Promise<string | undefined> {
  const { holder } = await session.one<{ holder: string | null }>(
    'select londiste.replay_holder($1, $2) as holder',
    [queue, consumer],
  );
  return holder ?? undefined;
}

/** Asks replay to stop at a tick, waiting `waitMs` for us at most; returns the number of the request. */
export async function announceCompare(
  session: Session,
  { queue, consumer }: SubscriptionName,
  waitMs: number,
): Promise<number> {
  const { nr } = await session.one<{ nr: number }>(
    `select londiste.announce_compare($1, $2, $3 * interval '1 millisecond') as nr`,
    [queue, consumer, waitMs],
  );
  return nr;
}

/** Names the tick, and what is to be repaired there; false when replay has given the request up. */
export async function setCompareTick(
  session: Session,
  { queue, consumer }: SubscriptionName,
  { request, tick, repair }: { request: number; tick: number; repair: number | undefined },
): Promise<boolean> {
  const { known } = await session.one<{ known: boolean }>(
    'select londiste.set_compare_tick($1, $2, $3, $4, $5) as known',
    [queue, consumer, request, tick, repair ?? null],
  );
  return known;
}

/** Lets replay go on that waits for this. */
export async function releaseCompare(
  session: Session,
  { queue, consumer }: SubscriptionName,
  purpose: ComparePurpose,
): Promise<void> {
  await session.query('select pg_advisory_unlock(londiste.session_lock($1, $2, $3))', [
    queue,
    consumer,
    purpose,
  ]);
}

/** For replay: waits until the compare lets go, is gone, or has had its time; undefined when the request is over. */
export async function awaitCompare(
  session: Session,
  { queue, consumer }: SubscriptionName,
  { request, purpose }: { request: number; purpose: ComparePurpose },
): Promise<CompareRequest | undefined> {
  const [row] = await session.query<{ tick_id: number | null; repair_nr: number | null }>(
    'select * from londiste.await_compare($1, $2, $3, $4)',
    [queue, consumer, request, purpose],
  );
  return row && { tick: row.tick_id ?? undefined, repair: row.repair_nr ?? undefined };
}

/** True when the request was still in force. */
export async function endCompare(
  session: Session,
  { queue, consumer }: SubscriptionName,
  request: number,
): Promise<boolean> {
  const { ended } = await session.one<{ ended: boolean }>(
    'select londiste.end_compare($1, $2, $3) as ended',
    [queue, consumer, request],
  );
  return ended;
}
