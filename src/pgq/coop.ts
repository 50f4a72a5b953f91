import type { Session } from '../db/session.js';
import type { BatchLimits } from './batch.js';

/** One of several workers of a consumer. */
export interface Subconsumer {
  readonly queue: string;
  readonly consumer: string;
  readonly subconsumer: string;
}

/** Registers a worker, and its consumer too where that is new; false when it is registered already. */
export async function registerSubconsumer(
  session: Session,
  { queue, consumer, subconsumer }: Subconsumer,
): Promise<boolean> {
  const { made } = await session.one<{ made: number }>(
    'select pgq_coop.register_subconsumer($1, $2, $3) as made',
    [queue, consumer, subconsumer],
  );
  return made === 1;
}

/**
 * Unregisters a worker; false when there is none. Mode 0, since mode 1 drops an open batch, whose events nobody sees then.
 *
 * @throws LondisteError `refused` with an open batch.
 */
export async function unregisterSubconsumer(
  session: Session,
  { queue, consumer, subconsumer }: Subconsumer,
): Promise<boolean> {
  const { gone } = await session.one<{ gone: number }>(
    'select pgq_coop.unregister_subconsumer($1, $2, $3, 0) as gone',
    [queue, consumer, subconsumer],
  );
  return gone === 1;
}

/**
 * Opens a worker's next batch, or returns the open one; undefined when there is nothing to read yet. Batches of workers
 * that have been silent for `deadInterval` (the server's text) are taken over.
 */
export async function nextCoopBatch(
  session: Session,
  { queue, consumer, subconsumer }: Subconsumer,
  { minLag, minCount, minInterval }: BatchLimits,
  deadInterval: string | undefined,
): Promise<number | undefined> {
  const values = [queue, consumer, subconsumer, minLag ?? null, minCount ?? null, minInterval ?? null];
  const [arguments_, all] =
    deadInterval === undefined
      ? ['$1, $2, $3, $4, $5, $6', values]
      : ['$1, $2, $3, $4, $5, $6, $7', [...values, deadInterval]];
  const { batch } = await session.one<{ batch: number | null }>(
    `select batch_id as batch from pgq_coop.next_batch_custom(${arguments_})`,
    all,
  );
  return batch ?? undefined;
}

/** Closes a batch of a worker; false when there is none of that number any more. */
export async function finishCoopBatch(session: Session, batchId: number): Promise<boolean> {
  const { done } = await session.one<{ done: number }>('select pgq_coop.finish_batch($1) as done', [batchId]);
  return done === 1;
}
