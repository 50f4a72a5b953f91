import type { Session } from '../db/session.js';
import type { Log } from '../kernel/log.js';
import type { SubscriptionName } from '../londiste/subscription-name.js';

/** Two sessions that do the same on both sides. */
export interface Readers {
  readonly provider: Session;
  readonly subscriber: Session;
}

/** What a compare works with. */
export interface CompareBench {
  readonly name: SubscriptionName;
  /** For what is asked and said; never inside a transaction between two steps. */
  readonly provider: Session;
  readonly subscriber: Session;
  /** For the rows: each is inside a transaction while a round lasts. */
  readonly readers: Readers;
  /** How long a round may keep both snapshots, in milliseconds. */
  readonly holdMs: number;
  /** How long replay waits for us at most, each time, in milliseconds. */
  readonly waitMs: number;
  readonly log: Log;
  readonly stop: AbortSignal;
}

/** Does the same on both sides at the same time, and waits for both also when one fails. */
export async function onBoth<T>(work: (side: 'provider' | 'subscriber') => Promise<T>): Promise<{
  readonly provider: T;
  readonly subscriber: T;
}> {
  const [provider, subscriber] = await Promise.allSettled([work('provider'), work('subscriber')]);
  if (provider.status === 'rejected') throw provider.reason;
  if (subscriber.status === 'rejected') throw subscriber.reason;
  return { provider: provider.value, subscriber: subscriber.value };
}
