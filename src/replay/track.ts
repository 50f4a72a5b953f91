import { LondisteError } from '../kernel/errors.js';
import { readPosition, setPosition } from '../londiste/position.js';
import { restoreHold } from '../londiste/restore-hold.js';
import { getTick } from '../pgq/tick.js';
import { advanceConsumer, getConsumerInfo, registerConsumerAt } from '../pgq/consumer.js';
import { isSameTick, type Tick } from '../table/tick.js';
import type { Link } from './link.js';

/**
 * Brings the consumer on the provider to where the subscriber stands, before the first batch of a connection, and
 * returns that tick. The subscriber's position is the truth: after a crash between its commit and the consumer's move
 * the consumer is behind; when the subscriber lost a commit, or was restored, it is ahead. Either way it is moved, if the
 * provider still has the position's tick unchanged: then it has all later events too. A position that is not in the
 * provider's history stops the subscription.
 */
export async function getOnTrack(link: Link): Promise<Tick> {
  const { name, provider, subscriber, log } = link;
  const position = await readPosition(subscriber, name);
  const consumer = await getConsumerInfo(provider, name.queue, name.consumer);
  if (position?.tick === undefined) return start(link, consumer?.lastTick);
  const { tick } = position;
  const there = await getTick(provider, name.queue, tick.tickId);
  if (there === undefined || !isSameTick(tick, there)) throw lostPosition(link, tick, there);
  // Before anything moves forward: what tables outside of the stream need must be kept.
  await restoreHold(link);
  if (consumer !== undefined && consumer.lastTick <= tick.tickId) {
    await advanceConsumer(provider, name.queue, name.consumer, tick.tickId);
    return tick;
  }
  log.warn(
    { tick: tick.tickId, consumerTick: consumer?.lastTick },
    'the consumer on the provider stands later than the subscriber does; it is moved back',
  );
  await registerConsumerAt(provider, name.queue, name.consumer, tick.tickId);
  return tick;
}

/** A subscription that has applied nothing begins where its consumer stands; no table is in replay's hands yet. */
async function start({ name, provider, subscriber }: Link, lastTick: number | undefined): Promise<Tick> {
  const tick = lastTick === undefined ? undefined : await getTick(provider, name.queue, lastTick);
  if (tick === undefined) {
    throw new LondisteError(
      'refused',
      `consumer ${name.consumer} is not registered on queue ${name.queue} at the ${provider.where}`,
      { hint: 'run: londiste CONFIG subscriber register' },
    );
  }
  await setPosition(subscriber, name, tick);
  return tick;
}

/** `there` is what the provider has under the number of the subscriber's tick. */
export function lostPosition(
  { name, provider }: Pick<Link, 'name' | 'provider'>,
  here: Tick,
  there: Tick | undefined,
): LondisteError {
  const found =
    there === undefined
      ? 'there is no such tick any more'
      : `tick ${there.tickId} of ${there.tickTime} is there`;
  return new LondisteError(
    'lost-position',
    `${provider.where}: lost position of consumer ${name.consumer} on queue ${name.queue}: the subscriber has tick ` +
      `${here.tickId} of ${here.tickTime}, on the provider ${found}`,
  );
}
