import { finishBatch } from '../pgq/batch.js';
import { BatchConsumer, type Turn } from './batch-consumer.js';
import { PrefetchingCursor } from './event-cursor.js';
import { settle, type Finish } from './settle.js';

/**
 * Sees every event at least once: the batch is finished after the handler has returned, so that a crash in between has it
 * come again. For work that may be done twice, or that knows by itself what it has done.
 */
export class Consumer extends BatchConsumer<undefined> {
  /** @internal */
  protected finish: Finish = finishBatch;

  /** @internal */
  protected async work(turn: Turn<undefined>): Promise<void> {
    const { session, info, stop } = turn;
    const source = new PrefetchingCursor({
      session,
      batchId: info.batchId,
      bytes: this.options.bufferBytes,
      stop,
    });
    const batch = this.batchOf(turn, source);
    try {
      await turn.handle(batch, undefined);
    } finally {
      await source.close();
    }
    await settle(session, batch, this.finish);
  }
}
