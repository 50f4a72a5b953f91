import { LondisteError } from '../kernel/errors.js';
import { nextBatchCustom, nextBatchInfo } from '../pgq/batch.js';
import { getTick } from '../pgq/tick.js';
import type { Tick } from '../table/tick.js';
import type { Link } from './link.js';

/** A batch of the queue: the events in the snapshot of `to` and not in that of `from`. */
export interface Batch {
  readonly batchId: number;
  readonly from: Tick;
  readonly to: Tick;
}

/** Events that one batch should have, at least, while replay is behind: fewer commits, fewer sorts. */
const eventsWhenBehind = 20_000;

/**
 * The next batch, or undefined when there is none yet. While replay is `behind`, several ticks make one batch: only
 * real snapshots may close one, but any number of ticks may be skipped.
 */
export async function takeBatch(
  { name, provider }: Link,
  { behind }: { behind: boolean },
): Promise<Batch | undefined> {
  const merged = behind
    ? await nextBatchCustom(provider, name.queue, name.consumer, { minCount: eventsWhenBehind })
    : undefined;
  const info = merged ?? (await nextBatchInfo(provider, name.queue, name.consumer));
  if (info === undefined) return undefined;
  const [from, to] = await Promise.all([tickOf(info.prevTickId), tickOf(info.curTickId)]);
  return { batchId: info.batchId, from, to };

  async function tickOf(tickId: number): Promise<Tick> {
    const tick = await getTick(provider, name.queue, tickId);
    if (tick) return tick;
    throw new LondisteError(
      'lost-position',
      `${provider.where}: tick ${tickId} of queue ${name.queue} is gone, though a consumer stands at it`,
    );
  }
}
