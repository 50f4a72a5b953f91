import type { Session } from '../db/session.js';
import { inTransaction } from '../db/transaction.js';
import { registeredNames } from '../londiste/name.js';
import type { Fault } from '../londiste/table-fault.js';
import { openPosition } from '../londiste/position.js';
import { getNode, providerGetSeqList } from '../londiste/provider.js';
import {
  subscriberAddSeq,
  subscriberGetSeqList,
  subscriberRemoveSeq,
  type SubscribedSequence,
} from '../londiste/sequence.js';
import type { SubscriptionName } from '../londiste/subscription-name.js';
import { checkSequence } from './check.js';
import { requireBoth, requireSubscriber, type Ends } from './ends.js';
import { notInSet } from './provider.js';
import { alreadyAdded, notAdded, refuseFaults } from './refusal.js';

export async function addSubscriberSequences(ends: Ends, typed: readonly string[]): Promise<string[]> {
  const { name, provider, subscriber } = ends;
  await requireBoth(ends);
  const set = await providerGetSeqList(provider, name.queue);
  const known = new Set((await subscriberGetSeqList(subscriber, name)).map((sequence) => sequence.name));
  const names = typed.length > 0 ? await registeredNames(provider, typed) : await missingSequences(ends);
  const faults: Fault[] = [];
  for (const sequence of names) {
    if (!set.includes(sequence)) throw notInSet('sequence', sequence, name.queue, set);
    if (known.has(sequence)) throw alreadyAdded('sequence', sequence);
    faults.push(...(await checkSequence(ends, sequence)));
  }
  refuseFaults(faults);
  const providerNode = (await getNode(provider)).id;
  await inTransaction(subscriber, async () => {
    await openPosition(subscriber, name, providerNode);
    for (const sequence of names) await subscriberAddSeq(subscriber, name, sequence);
  });
  return names;
}

export async function removeSubscriberSequences(ends: Ends, typed: readonly string[]): Promise<string[]> {
  const { name, subscriber } = ends;
  await requireBoth(ends);
  const names =
    typed.length > 0
      ? await registeredNames(subscriber, typed)
      : (await subscriberGetSeqList(subscriber, name)).map((sequence) => sequence.name);
  await inTransaction(subscriber, async () => {
    for (const sequence of names) {
      if (!(await subscriberRemoveSeq(subscriber, name, sequence))) throw notAdded('sequence', sequence);
    }
  });
  return names;
}

export async function listSequences(
  subscriber: Session,
  name: SubscriptionName,
): Promise<SubscribedSequence[]> {
  await requireSubscriber(subscriber);
  return await subscriberGetSeqList(subscriber, name);
}

/** Sequences of the set that this subscription does not have. */
export async function missingSequences({ name, provider, subscriber }: Ends): Promise<string[]> {
  const here = new Set((await subscriberGetSeqList(subscriber, name)).map((sequence) => sequence.name));
  return (await providerGetSeqList(provider, name.queue)).filter((sequence) => !here.has(sequence));
}
