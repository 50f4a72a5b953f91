import type { Session } from '../db/session.js';
import { readPosition } from '../londiste/position.js';
import type { SubscriptionName } from '../londiste/subscription-name.js';
import { subscriberGetTableList } from '../londiste/table-state.js';
import { getQueueInfo } from '../pgq/queue.js';
import { lastTick } from '../pgq/tick.js';
import type { Status } from './view.js';

interface Ends {
  readonly name: SubscriptionName;
  readonly provider: Session;
  readonly subscriber: Session;
}

/** What the two databases say for the view; the counts of events are the caller's. */
export async function readStatus({
  name,
  provider,
  subscriber,
}: Ends): Promise<Omit<Status, 'captured' | 'applied'>> {
  const [there, here] = [await contents(provider), await contents(subscriber)];
  return {
    lag: await lagSeconds({ name, provider, subscriber }),
    tables: await subscriberGetTableList(subscriber, name),
    rows: { provider: there.rows, subscriber: here.rows },
    sequence: { provider: there.sequence, subscriber: here.sequence },
  };
}

/** The age of the oldest change that may not be applied yet: since the last applied tick, or none when nothing came after it. */
async function lagSeconds({ name, provider, subscriber }: Ends): Promise<number> {
  const position = (await readPosition(subscriber, name))?.tick;
  const head = await lastTick(provider, name.queue);
  const queue = await getQueueInfo(provider, name.queue);
  const isCurrent = position?.tickId === head?.tickId && (queue?.newEvents ?? 0) <= 0;
  if (position === undefined || isCurrent) return 0;
  const { age } = await provider.one<{ age: number }>(
    'select extract(epoch from clock_timestamp() - $1::timestamptz)::float8 as age',
    [position.tickTime],
  );
  return Math.max(0, age);
}

async function contents(session: Session): Promise<{ rows: number; sequence: string }> {
  return await session.one<{ rows: number; sequence: string }>(
    'select (select count(*)::int from entry) as rows, (select last_value::text from entry_id_seq) as sequence',
  );
}
