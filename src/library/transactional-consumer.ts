import { inTransaction, type TransactionOptions } from '../db/transaction.js';
import { finishBatch } from '../pgq/batch.js';
import { BatchConsumer, type Turn } from './batch-consumer.js';
import { EventCursor } from './event-cursor.js';
import type { ConsumerOptions } from './options.js';
import { close, decide } from './settle.js';
import { transactionOf, type Transaction } from './transaction.js';

export interface TransactionalOptions extends ConsumerOptions {
  /** Of the handler's transactions; `read committed` by default. */
  readonly isolation?: NonNullable<TransactionOptions['isolation']>;
}

/**
 * Has every event take effect exactly once in the queue's own database: the handler works in the transaction that
 * finishes the batch. Another session that finished the batch meanwhile makes it roll back.
 */
export class TransactionalConsumer extends BatchConsumer<Transaction> {
  readonly #isolation: TransactionalOptions['isolation'];

  constructor(options: TransactionalOptions) {
    super(options);
    this.#isolation = options.isolation;
  }

  /** @internal */
  protected async work(turn: Turn<Transaction>): Promise<void> {
    const { session, info, stop } = turn;
    const { bufferBytes: bytes } = this.options;
    await inTransaction(
      session,
      async () => {
        const batch = this.batchOf(turn, new EventCursor({ session, batchId: info.batchId, bytes, stop }));
        await turn.handle(batch, transactionOf(session, stop));
        await decide(session, batch);
        await close(session, batch, finishBatch);
      },
      this.#isolation ? { isolation: this.#isolation } : {},
    );
  }
}
