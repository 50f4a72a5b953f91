import type { Session } from '../db/session.js';
import { inTransaction } from '../db/transaction.js';
import { eventsDead, eventsRetry } from '../pgq/retry.js';
import type { Batch } from './batch.js';
import { lostBatch } from './failure.js';

/** Closes a batch; false when another session has. */
export type Finish = (session: Session, batchId: number) => Promise<boolean>;

/** Does what the handler decided about single events, in the session's transaction. */
export async function decide(session: Session, batch: Batch, staged = false): Promise<void> {
  const { retries, deaths } = batch.decisions;
  if (retries.ids.length > 0) await eventsRetry(session, batch.id, retries, staged);
  if (deaths.ids.length > 0) await eventsDead(session, batch.id, deaths, staged);
}

/** @throws LondisteError `busy` when another session has closed the batch. */
export async function close(session: Session, batch: Batch, finish: Finish): Promise<void> {
  if (!(await finish(session, batch.id))) throw lostBatch(batch.id, batch.queue, batch.consumer);
}

/** What was decided and the end of the batch, both or neither. */
export async function settle(session: Session, batch: Batch, finish: Finish): Promise<void> {
  if (batch.decisions.isEmpty) {
    await close(session, batch, finish);
    return;
  }
  await inTransaction(session, async () => {
    await decide(session, batch);
    await close(session, batch, finish);
  });
}
