import { asLondisteError, LondisteError } from '../kernel/errors.js';
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

export async function setSequences(
  { name, subscriber }: Link,
  values: readonly SequenceValue[],
): Promise<void> {
  for (const value of values) {
    try {
      await setSequence(subscriber, name, value);
    } catch (error) {
      const { kind, message, sqlstate } = asLondisteError(error);
      throw new LondisteError(kind, `sequence ${value.name}: ${message}`, {
        cause: error,
        sqlstate,
        hint: `make it fit the provider's (ALTER SEQUENCE, or create it), or type: londiste CONFIG subscriber remove-seq ${value.name}`,
      });
    }
  }
}
