import type { Session } from '../db/session.js';
import { listConsumerInfo, type ConsumerInfo } from '../pgq/consumer.js';
import { listQueueInfo, type QueueInfo } from '../pgq/queue.js';
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
}

export interface Reader extends ConsumerInfo {
  /** Nobody has asked for its batches for an hour, and events wait for it: it holds up rotation. */
  readonly isStale: boolean;
}

/** Seconds after which a consumer that has something to read and does not counts as one that nobody runs. */
export const staleAfter = 3_600;

export async function queueStatus(session: Session): Promise<QueueStatus> {
  await requirePgq(session);
  const versions = await session.one<{ postgres: string; pgq: string }>(
    `select current_setting('server_version') as postgres, pgq.version() as pgq`,
  );
  return {
    ...versions,
    ticker: await tickerAlive(session),
    queues: await listQueueInfo(session),
    consumers: await listReaders(session, staleAfter),
  };
}

/** All consumers; `after` so many seconds without a sign of life they are stale. */
export async function listReaders(session: Session, after: number): Promise<Reader[]> {
  const consumers = await listConsumerInfo(session);
  return consumers.map((one) => ({ ...one, isStale: one.lastSeen > after && (one.lag ?? Infinity) > after }));
}

/** The settings of one queue, or of all. */
export async function queueSettings(session: Session, queue: string | undefined): Promise<QueueInfo[]> {
  await requirePgq(session);
  return queue === undefined ? await listQueueInfo(session) : [await requireQueue(session, queue)];
}
