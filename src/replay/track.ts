import { LondisteError } from '../kernel/errors.js';
import { readPosition, setPosition } from '../londiste/position.js';
import { getTick } from '../pgq/tick.js';
import { getConsumerInfo, registerConsumerAt } from '../pgq/consumer.js';
import { isSameTick, type Tick } from '../table/tick.js';
import type { Link } from './link.js';

/** What a batch is to a subscriber that stands at `position`. */
export type Verdict = 'apply' | 'finish-only' | 'off-track';

/**
 * The subscriber's position is the truth: a batch that begins there is applied, one that ends there was applied before
 * the crash and is only finished, anything else is none of this subscriber's next batches.
 */
export function verdictOn(position: Tick | undefined, from: Tick, to: Tick): Verdict {
  if (position !== undefined && isSameTick(position, from)) return 'apply';
  if (position !== undefined && isSameTick(position, to)) return 'finish-only';
  return 'off-track';
}

/**
 * Brings the consumer on the provider to where the subscriber stands, before the first batch of a connection. When it
 * stands elsewhere (the subscriber lost a commit, or was restored; somebody registered it anew) it is moved, if the
 * provider still has the position's tick unchanged: then it has all later events too. A position that is not in the
 * provider's history stops the subscription.
 */
export async function getOnTrack(link: Link): Promise<void> {
  const { name, provider, subscriber, log } = link;
  const position = await readPosition(subscriber, name);
  const consumer = await getConsumerInfo(provider, name.queue, name.consumer);
  if (position?.tick === undefined) {
    await start(link, consumer?.lastTick);
    return;
  }
  const { tick } = position;
  const there = await getTick(provider, name.queue, tick.tickId);
  if (there === undefined || !isSameTick(tick, there)) throw lostPosition(link, tick, there);
  const isBetween = consumer?.nextTick === tick.tickId || consumer?.lastTick === tick.tickId;
  if (isBetween) return;
  log.warn(
    { tick: tick.tickId, consumerTick: consumer?.lastTick },
    'the consumer on the provider does not stand where the subscriber does; it is moved there',
  );
  await registerConsumerAt(provider, name.queue, name.consumer, tick.tickId);
}

/** A subscription that has applied nothing begins where its consumer stands; no table is in replay's hands yet. */
async function start({ name, provider, subscriber }: Link, lastTick: number | undefined): Promise<void> {
  const tick = lastTick === undefined ? undefined : await getTick(provider, name.queue, lastTick);
  if (tick === undefined) {
    throw new LondisteError(
      'refused',
      `consumer ${name.consumer} is not registered on queue ${name.queue} at the ${provider.where}`,
      {
        hint: 'run: londiste … subscriber register',
      },
    );
  }
  await setPosition(subscriber, name, tick);
}

function lostPosition({ name, provider }: Link, here: Tick, there: Tick | undefined): LondisteError {
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
