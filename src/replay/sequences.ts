import { sequenceValues } from '../londiste/provider.js';
import { setSequence, subscriberGetSeqList } from '../londiste/sequence.js';
import type { SequenceValue } from '../londiste/provider.js';
import type { Link } from './link.js';

/**
 * The values to set on the subscriber. They are read after the batch's closing tick exists, so they are never behind a
 * value that the provider had handed out at the tick; a `nextval` makes no event, so they are read when idle too.
 */
export async function changedSequences({ name, provider, subscriber }: Link): Promise<SequenceValue[]> {
  const subscribed = await subscriberGetSeqList(subscriber, name);
  if (subscribed.length === 0) return [];
  const known = new Map(subscribed.map((sequence) => [sequence.name, sequence]));
  const values = await sequenceValues(provider, name.queue);
  return values.filter((value) => {
    const here = known.get(value.name);
    return here !== undefined && (here.lastValue !== value.lastValue || here.isCalled !== value.isCalled);
  });
}

/** How often a sequence that cannot be set is told of, in milliseconds. */
const tellEveryMs = 60_000;

/** Sets the sequences that can be set. One that cannot is told of now and then, and tried again with the next batch. */
export async function setSequences(
  { name, subscriber, log, toldOf }: Link,
  values: readonly SequenceValue[],
): Promise<void> {
  for (const value of values) {
    const problem = await setSequence(subscriber, name, value);
    const sequence = value.name;
    if (problem === undefined) {
      toldOf.delete(sequence);
    } else if ((toldOf.get(sequence) ?? 0) < Date.now() - tellEveryMs) {
      toldOf.set(sequence, Date.now());
      const hint = `make it fit the provider's (ALTER SEQUENCE, or create it), or type: londiste CONFIG subscriber remove-seq ${sequence}`;
      log.error({ sequence, hint }, `sequence ${sequence} cannot be set, the tables go on: ${problem}`);
    }
  }
}
