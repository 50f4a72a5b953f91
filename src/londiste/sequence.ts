import type { Session } from '../db/session.js';
import type { SequenceValue } from './provider.js';
import { changedMember } from './outcome.js';
import type { SubscriptionName } from './subscription-name.js';

/** A sequence of a subscription with the value that it was last set to from the provider, if it was. */
export interface SubscribedSequence {
  readonly name: string;
  readonly lastValue: string | undefined;
  readonly isCalled: boolean | undefined;
}

export function subscriberAddSeq(
  session: Session,
  name: SubscriptionName,
  sequence: string,
): Promise<boolean> {
  return changedMember(session, 'subscriber_add_seq', name, sequence);
}

export function subscriberRemoveSeq(
  session: Session,
  name: SubscriptionName,
  sequence: string,
): Promise<boolean> {
  return changedMember(session, 'subscriber_remove_seq', name, sequence);
}

export async function subscriberGetSeqList(
  session: Session,
  { queue, consumer }: SubscriptionName,
): Promise<SubscribedSequence[]> {
  const rows = await session.query<{
    seq_name: string;
    last_value: string | null;
    is_called: boolean | null;
  }>('select seq_name, last_value::text, is_called from londiste.subscriber_get_seq_list($1, $2)', [
    queue,
    consumer,
  ]);
  return rows.map((row) => ({
    name: row.seq_name,
    lastValue: row.last_value ?? undefined,
    isCalled: row.is_called ?? undefined,
  }));
}

/** Sets a sequence; returns what is wrong when that cannot be done. */
export async function setSequence(
  session: Session,
  { queue, consumer }: SubscriptionName,
  value: SequenceValue,
): Promise<string | undefined> {
  const { problem } = await session.one<{ problem: string | null }>(
    'select londiste.set_sequence($1, $2, $3, $4, $5) as problem',
    [queue, consumer, value.name, value.lastValue, value.isCalled],
  );
  return problem ?? undefined;
}
