import { quoteLiteral } from '../db/identifiers.js';
import type { ConnectSettings, Session } from '../db/session.js';
import { inTransaction } from '../db/transaction.js';
import { LondisteError } from '../kernel/errors.js';
import { tap } from '../kernel/tap.js';
import { finishBatch, getBatchInfo } from '../pgq/batch.js';
import { dropStaged, releaseStaged } from '../pgq/retry.js';
import { getSource, type QueueSource } from '../pgq/source.js';
import type { Batch } from './batch.js';
import { BatchConsumer, type Turn } from './batch-consumer.js';
import { connect, settingsOf, type Connection } from './connection.js';
import { PrefetchingCursor } from './event-cursor.js';
import { lostBatch } from './failure.js';
import type { ConsumerOptions } from './options.js';
import { isSameEpoch, isSameTick, nameOfPosition, Position, type EpochTick } from './position.js';
import { close, decide } from './settle.js';
import { openedUntilStopped, untilStopped } from './stop.js';
import { transactionOf, type Transaction } from './transaction.js';

export interface RemoteOptions extends ConsumerOptions {
  /** The database that the handler works in; schema pgq_ext is there. */
  readonly target: Connection;
  /**
   * The name that the position is kept under in the target, of the caller's own choice and for this consumer alone. By
   * default it is made of what identifies the queue (the server that it was made on, its database, its id) and of both
   * names. Needed where the database of the queue is renamed, or is restored under another name.
   */
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
  readonly #position: string | undefined;
  #target: Session | undefined;

  constructor(options: RemoteOptions) {
    super(options);
    this.#targetSettings = settingsOf(options.target);
    this.#position = options.position;
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
    const { queue } = this.options;
    const origin = await getSource(session, queue, [info.prevTickId, info.curTickId]);
    if (!origin) throw lostBatch(info.batchId, queue, this.registeredName);
    const begin = epochTick(origin, info.prevTickId, 0);
    const end = epochTick(origin, info.curTickId, 1);
    const position = new Position(target, this.#nameOf(origin));
    const isNew = await inTransaction(target, () =>
      this.#apply(turn, { target, batch, source, position, begin, end }),
    );
    await tap('consumer.target-committed');

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
  async #apply(turn: Turn<Transaction>, work: Work): Promise<boolean> {
    const { session, info, stop } = turn;
    const { target, batch, source, position, end } = work;
    await untilStopped(target, stop, position.lock());
    const last = await position.get();
    if (last && isSameTick(last, end)) return false;
    if (last && !isSameTick(last, work.begin)) throw await this.#lost(turn, work, last);
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
    await tap('consumer.staged');
    await position.set(end, last);
    return true;
  }

  async #lost(
    { session, info }: Turn<Transaction>,
    { target, position, begin }: Work,
    last: EpochTick,
  ): Promise<LondisteError> {
    const { queue, consumer } = this.options;
    // Whoever held the lock may have finished this batch, and the next ones.
    if (!(await getBatchInfo(session, info.batchId))) return lostBatch(info.batchId, queue, consumer);
    const origin = await getSource(session, queue, [last.tickId]);
    const isOfTheQueue = origin !== undefined && isSameEpoch(epochTick(origin, last.tickId, 0), last);
    const names = `${quoteLiteral(queue)}, ${quoteLiteral(consumer)}`;
    const goBack = `on the queue: select pgq.register_consumer_at(${names}, ${last.tickId}), if it still has that tick; `;
    return new LondisteError(
      'lost-position',
      `${target.where}: position ${position.name} is at tick ${last.tickId}${isOfTheQueue ? '' : ' of another history of the queue'}, ` +
        `but consumer ${consumer} of queue ${queue} is given the events from tick ${info.prevTickId} to ${info.curTickId}`,
      {
        hint:
          (isOfTheQueue ? goBack : '') +
          `to go on from tick ${info.prevTickId} all the same: ${position.settingSql(begin)} on the target`,
      },
    );
  }

  /** A position that an earlier registration left is forgotten before anybody can take a batch. */
  protected override registerOn(session: Session): Promise<boolean> {
    return inTransaction(session, async () => {
      const made = await super.registerOn(session);
      if (made) await this.#forget(session);
      return made;
    });
  }

  /** Forgets the position too. */
  protected override async unregisterOn(session: Session): Promise<boolean> {
    const gone = await super.unregisterOn(session);
    await this.#forget(session);
    return gone;
  }

  async #forget(session: Session): Promise<void> {
    const origin = await getSource(session, this.options.queue, []);
    // A queue that is gone has taken along what its position was named after.
    if (!origin) return;
    const target = await this.#open(new AbortController().signal);
    const position = new Position(target, this.#nameOf(origin));
    await inTransaction(target, async () => {
      await position.lock();
      await position.forget();
    });
  }

  #nameOf(origin: QueueSource): string {
    return this.#position ?? nameOfPosition(origin, this.options);
  }

  async #open(stop: AbortSignal): Promise<Session> {
    if (this.#target && !this.#target.closed) return this.#target;
    const { applicationName } = this.options;
    this.#target = await openedUntilStopped(stop, connect(this.#targetSettings, 'target', applicationName));
    return this.#target;
  }
}

/** What a batch is applied with. */
interface Work {
  readonly target: Session;
  readonly batch: Batch;
  readonly source: PrefetchingCursor;
  readonly position: Position;
  /** The ticks that the batch lies between. */
  readonly begin: EpochTick;
  readonly end: EpochTick;
}

/** A tick with the epoch that was asked for as the `n`th one. */
function epochTick({ epochs }: QueueSource, tickId: number, n: number): EpochTick {
  return { tickId, epoch: epochs[n] ?? undefined };
}
