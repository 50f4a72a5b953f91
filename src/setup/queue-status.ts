import type { Session } from '../db/session.js';
import { getStaleConsumers, listConsumerInfo, type ConsumerInfo } from '../pgq/consumer.js';
import {
  listQueueInfo,
  ownSettings,
  tickerErrors,
  type OwnSettings,
  type QueueInfo,
  type TickerError,
} from '../pgq/queue.js';
import { tickerAlive } from '../pgq/ticker.js';
import { requirePgq, requireQueue } from './queues.js';

/** The queues of a database, who reads them, and whether somebody ticks them. */
export interface QueueStatus {
  /** The server's version as it tells it, like `18.1`. */
  readonly postgres: string;
  readonly pgq: string;
  /** Whether a ticker of ours is connected; another program's is only to be known by its ticks. */
  readonly ticker: boolean;
  readonly queues: readonly QueueInfo[];
  readonly consumers: readonly Reader[];
  /** Queues that the ticker could not tick when it last tried. */
  readonly errors: readonly TickerError[];
}

export interface Reader extends ConsumerInfo {
  /** A batch has been waiting for it for an hour, and it has not moved: it holds up rotation. */
  readonly isStale: boolean;
}

/** Seconds after which a consumer that has something to read and does not counts as one that nobody runs. */
const staleAfter = 3_600;

export async function queueStatus(session: Session): Promise<QueueStatus> {
  await requirePgq(session);
  const versions = await session.one<{ postgres: string; pgq: string }>(
    `select current_setting('server_version') as postgres, pgq.version() as pgq`,
  );
  return {
    ...versions,
    ticker: await tickerAlive(session),
    queues: await listQueueInfo(session),
    consumers: await listReaders(session),
    errors: await tickerErrors(session),
  };
}

async function listReaders(session: Session): Promise<Reader[]> {
  const stale = await getStaleConsumers(session, staleAfter);
  const consumers = await listConsumerInfo(session);
  return consumers.map((one) => ({
    ...one,
    isStale: stale.some(
      ({ queueName, consumerName }) => queueName === one.queueName && consumerName === one.consumerName,
    ),
  }));
}

/** The settings of one queue, or of all. */
export async function queueSettings(
  session: Session,
  queue: string | undefined,
): Promise<(QueueInfo & OwnSettings)[]> {
  await requirePgq(session);
  const queues = queue === undefined ? await listQueueInfo(session) : [await requireQueue(session, queue)];
  const own = await ownSettings(session);
  return queues.flatMap((info) => {
    const settings = own.get(info.queueName);
    // Dropped meanwhile.
    return settings === undefined ? [] : [{ ...info, ...settings }];
  });
}
