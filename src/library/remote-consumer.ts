import type { ConnectSettings, Session } from '../db/session.js';
import { inTransaction } from '../db/transaction.js';
import { LondisteError } from '../kernel/errors.js';
import { finishBatch, getBatchInfo, type BatchInfo } from '../pgq/batch.js';
import { getLastTick, setLastTick } from '../pgq/ext.js';
import { dropStaged, releaseStaged } from '../pgq/retry.js';
import type { Batch } from './batch.js';
import { BatchConsumer, type Turn } from './batch-consumer.js';
import { connect, settingsOf, type Connection } from './connection.js';
import { PrefetchingCursor } from './event-cursor.js';
import { explainTarget, lostBatch } from './failure.js';
import type { ConsumerOptions } from './options.js';
import { close, decide } from './settle.js';
import { openedUntilStopped, untilStopped } from './stop.js';
import { transactionOf, type Transaction } from './transaction.js';

export interface RemoteOptions extends ConsumerOptions {
  /** The database that the handler works in; schema pgq_ext is there. */
  readonly target: Connection;
  /** The name that the position is kept under in the target; by default `queue/consumer`. */
  readonly position?: string;
}

/**
 * Has every event take effect exactly once in another database: the handler works in a transaction there that also
 * moves the position, and the batch is finished after its commit. A batch that comes again after a crash in between is
 * known by its ticks and only finished.
 *
 * Retries and dead letters lie in the queue's database, and must be decided exactly when the target commits. So they are
 * staged before that commit and released after it; where the target turns out to have rolled back they are dropped.
 */
export class RemoteConsumer extends BatchConsumer<Transaction> {
  readonly #targetSettings: ConnectSettings;
  readonly #position: string;
  #target: Session | undefined;

  constructor(options: RemoteOptions) {
    super(options);
    this.#targetSettings = settingsOf(options.target);
    this.#position = options.position ?? `${options.queue}/${options.consumer}`;
  }

  override async close(): Promise<void> {
    await this.#target?.end();
    this.#target = undefined;
    await super.close();
  }

  /** @internal */
  protected async work(turn: Turn<Transaction>): Promise<void> {
    const { session, info, stop } = turn;
    const target = await this.#open(stop);
    const source = new PrefetchingCursor({
      session,
      batchId: info.batchId,
      bytes: this.options.bufferBytes,
      stop,
    });
    const batch = this.batchOf(turn, source);
    const isNew = await inTransaction(target, () => this.#apply(turn, { target, batch, source }));

    const { isEmpty, retries, deaths } = batch.decisions;
    if (!isNew || !isEmpty) {
      // Of a batch that was done before a crash, all that it staged counts.
      await inTransaction(session, async () => {
        await releaseStaged(session, info.batchId, isNew ? { retries, deaths } : undefined);
        await close(session, batch, finishBatch);
      });
    } else await close(session, batch, finishBatch);
  }

  /** The work of a batch in the target's transaction; false when the target has it already. */
  async #apply(
    turn: Turn<Transaction>,
    { target, batch, source }: { target: Session; batch: Batch; source: PrefetchingCursor },
  ): Promise<boolean> {
    const { session, info, stop } = turn;
    if (await this.#isDone(target, turn)) return false;
    await dropStaged(session, info.batchId);
    try {
      await turn.handle(batch, transactionOf(target, stop));
    } catch (error) {
      if (target.closed)
        throw new LondisteError('unreachable', `${target.where}: the connection was lost`, { cause: error });
      throw error;
    } finally {
      await source.close();
    }
    if (!batch.decisions.isEmpty) await inTransaction(session, () => decide(session, batch, true));
    await setLastTick(target, this.#position, info.curTickId);
    return true;
  }

  /**
   * Whether the target has the batch already. The lock keeps another process with the same position waiting until we
   * have committed, also before there is a row to lock.
   */
  async #isDone(target: Session, { session, info, stop }: Turn<Transaction>): Promise<boolean> {
    const lock = `select pg_catalog.pg_advisory_xact_lock(pg_catalog.hashtextextended($1, 0))`;
    await untilStopped(target, stop, target.query(lock, [`pgq_ext ${this.#position}`]));
    let last: number | undefined;
    try {
      last = await getLastTick(target, this.#position);
    } catch (error) {
      throw explainTarget(target, error);
    }
    if (last === info.curTickId) return true;
    if (last === undefined || last === info.prevTickId) return false;
    throw await this.#lost(session, target, info, last);
  }

  async #lost(session: Session, target: Session, info: BatchInfo, last: number): Promise<LondisteError> {
    const { queue, consumer } = this.options;
    // Whoever held the lock may have finished this batch, and the next ones.
    if (!(await getBatchInfo(session, info.batchId))) return lostBatch(info.batchId, queue, consumer);
    return new LondisteError(
      'lost-position',
      `${target.where}: position ${this.#position} is at tick ${last}, but consumer ${consumer} of queue ${queue} ` +
        `is given the events from tick ${info.prevTickId} to ${info.curTickId}`,
      {
        hint:
          `on the queue: select pgq.register_consumer_at('${queue}', '${consumer}', ${last}), if it still has that tick; ` +
          `to go on without the events between: select pgq_ext.set_last_tick('${this.#position}', ${info.prevTickId}) on the target`,
      },
    );
  }

  async #open(stop: AbortSignal): Promise<Session> {
    if (this.#target && !this.#target.closed) return this.#target;
    const { applicationName } = this.options;
    this.#target = await openedUntilStopped(stop, connect(this.#targetSettings, 'target', applicationName));
    return this.#target;
  }
}
