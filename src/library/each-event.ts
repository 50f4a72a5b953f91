import type { QueueEvent } from '../pgq/cursor.js';
import type { Batch } from './batch.js';
import type { Handler } from './batch-consumer.js';
import { passesOfOurs } from './failure.js';
import type { Transaction } from './transaction.js';

/** Works on one event. What it throws has the event retried, and is the reason of its dead letter after the last retry. */
export type EventHandler<Context> = (
  event: QueueEvent,
  context: Context,
  batch: Batch,
) => Promise<void> | void;

/**
 * A handler of batches that gives each event to `handler`, one after the other. In a transaction each event has a
 * savepoint, so that one that fails leaves nothing behind.
 */
export function eachEvent<Context extends Transaction | undefined>(
  handler: EventHandler<Context>,
): Handler<Context> {
  return async (batch, context) => {
    for await (const event of batch) {
      await context?.query('savepoint londiste_event');
      try {
        await handler(event, context, batch);
        await context?.query('release savepoint londiste_event');
      } catch (error) {
        batch.signal.throwIfAborted();
        // A deadlock, or a connection that is gone: the whole transaction is tried again.
        if (context && passesOfOurs(error)) throw error;
        // Released too: a savepoint outlives a rollback to it, and the next one would lie within it.
        await context?.query('rollback to savepoint londiste_event');
        await context?.query('release savepoint londiste_event');
        batch.retry(event, { reason: error instanceof Error ? error.message : String(error) });
      }
    }
  };
}
