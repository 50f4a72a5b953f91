import type { ConnectSettings, Session } from '../db/session.js';
import { Backoff } from '../kernel/backoff.js';
import { Bell, sleep } from '../kernel/clock.js';
import { LondisteError } from '../kernel/errors.js';
import { tap } from '../kernel/tap.js';
import { getBatchInfo, nextBatchCustom, type BatchInfo } from '../pgq/batch.js';
import { registerConsumer, unregisterConsumer } from '../pgq/consumer.js';
import { tickChannel } from '../pgq/ticker.js';
import { Batch } from './batch.js';
import { connect, settingsOf } from './connection.js';
import type { EventSource } from './event-cursor.js';
import { explainFailure, HandlerFailure, isOurs, lostBatch, passes, raised } from './failure.js';
import { resolve, type ConsumerOptions, type Resolved } from './options.js';
import { openedUntilStopped, untilStopped } from './stop.js';

/** Works on a batch. When it returns the batch is finished; when it throws, the batch comes again. */
export type Handler<Context> = (batch: Batch, context: Context) => Promise<void> | void;

export interface RunOptions {
  /** Ends the wait for a batch at once, and a batch at its next event: that batch comes again. */
  readonly signal?: AbortSignal;
}

/** What a consumer does with one batch. */
export interface Turn<Context> {
  readonly session: Session;
  readonly info: BatchInfo;
  readonly stop: AbortSignal;
  /** Calls the handler; what it throws comes out as a `HandlerFailure`, and a stop before the last event too. */
  readonly handle: (batch: Batch, context: Context) => Promise<void>;
}

/**
 * The loop of all consumers: take a batch, have it worked on, wait for the next tick. One batch at a time; a consumer
 * that is to do more at once is a `CooperativeConsumer` several times.
 */
export abstract class BatchConsumer<Context> implements AsyncDisposable {
  /** @internal */
  protected readonly options: Resolved;
  readonly #settings: ConnectSettings;
  readonly #onError: ConsumerOptions['onError'];
  readonly #bell = new Bell();
  #session: Session | undefined;
  #isBusy = false;

  constructor(options: ConsumerOptions) {
    this.options = resolve(options);
    this.#settings = settingsOf(options.connection);
    this.#onError = options.onError;
  }

  /** Registers the consumer at the last tick, to see the events from then on; false when it is registered already. */
  async register(): Promise<boolean> {
    return this.#call((session) => this.registerOn(session));
  }

  /**
   * Takes the consumer from its queue, with its open batch and the events that it wanted to retry; false when it is not
   * registered.
   *
   * @throws LondisteError `refused` for a `CooperativeConsumer` with an open batch.
   */
  async unregister(): Promise<boolean> {
    return this.#call((session) => this.unregisterOn(session));
  }

  /**
   * Works on batches until `signal` is aborted, for ever without one; ends its connections then. A connection that is
   * lost later is opened again, with growing pauses; the first one must succeed.
   *
   * @throws LondisteError when something does not pass by itself, and what the handler throws unless there is `onError`.
   */
  async run(handler: Handler<Context>, { signal = never }: RunOptions = {}): Promise<void> {
    await this.#alone(async () => {
      try {
        await this.#open(signal);
        await this.#loop(handler, signal);
      } catch (error) {
        if (!signal.aborted) throw error;
      } finally {
        await this.close();
      }
    });
  }

  async #loop(handler: Handler<Context>, stop: AbortSignal): Promise<void> {
    const backoff = new Backoff();
    while (!stop.aborted) {
      try {
        const worked = await this.#pass(handler, stop);
        backoff.reset();
        if (!worked) await this.#bell.wait(this.options.pollMs, stop);
      } catch (thrown) {
        stop.throwIfAborted();
        const isHandlers = thrown instanceof HandlerFailure;
        const error = isHandlers ? thrown.cause : thrown;
        if (!passes(thrown) && !(isHandlers && this.#onError)) throw error;
        const pause = backoff.next();
        this.#onError?.(error, pause);
        await sleep(pause, stop);
      }
    }
  }

  /**
   * Works on the next batch, if there is one; false when there is none, or when it was stopped. Keeps the connection
   * until `close`.
   */
  async processBatch(handler: Handler<Context>, { signal = never }: RunOptions = {}): Promise<boolean> {
    return this.#alone(async () => {
      try {
        return await this.#pass(handler, signal);
      } catch (thrown) {
        if (signal.aborted) return false;
        throw thrown instanceof HandlerFailure ? thrown.cause : thrown;
      }
    });
  }

  /** Ends the connections. */
  async close(): Promise<void> {
    await this.#session?.end();
    this.#session = undefined;
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.close();
  }

  async #pass(handler: Handler<Context>, stop: AbortSignal): Promise<boolean> {
    const session = await this.#open(stop);
    const info = await untilStopped(session, stop, this.take(session)).catch((error: unknown) =>
      this.#explain(session, error),
    );
    if (!info) return false;
    stop.throwIfAborted();
    try {
      await this.work({ session, info, stop, handle: (batch, context) => call(handler, batch, context) });
    } catch (thrown) {
      throw await this.#told(session, info, thrown);
    }
    await tap('consumer.finished');
    return true;
  }

  /** What went wrong with a batch, as whoever reads it can use it. */
  async #told(session: Session, { batchId }: BatchInfo, thrown: unknown): Promise<unknown> {
    const { queue } = this.options;
    // What reading the batch throws goes through the handler.
    const cause = thrown instanceof HandlerFailure ? thrown.cause : thrown;
    if (session.closed)
      return new LondisteError('unreachable', `${session.where}: the connection was lost`, { cause });
    if (!(cause instanceof LondisteError) || (thrown instanceof HandlerFailure && !isOurs(cause)))
      return thrown;
    const isGone = cause.sqlstate === raised && (await getBatchInfo(session, batchId)) === undefined;
    return isGone ? lostBatch(batchId, queue, this.registeredName) : cause;
  }

  /** The session of the queue, opened when there is none; a tick rings the bell from then on. */
  async #open(stop: AbortSignal): Promise<Session> {
    if (this.#session && !this.#session.closed) return this.#session;
    const { applicationName, queue } = this.options;
    const session = await openedUntilStopped(stop, connect(this.#settings, 'queue', applicationName));
    this.#session = session;
    const ring = (): void => this.#bell.ring();
    session.onClosed(ring);
    try {
      await session.listen(await tickChannel(session, queue), ring);
    } catch (error) {
      return await this.#explain(session, error);
    }
    return session;
  }

  async #call<T>(verb: (session: Session) => Promise<T>): Promise<T> {
    return this.#alone(async () => {
      const session = await this.#open(never);
      return await verb(session).catch((error: unknown) => this.#explain(session, error));
    });
  }

  async #explain(session: Session, error: unknown): Promise<never> {
    const { queue } = this.options;
    throw await explainFailure(session, error, {
      queue,
      consumer: this.registeredName,
      registration: this.registration,
    });
  }

  async #alone<T>(work: () => Promise<T>): Promise<T> {
    if (this.#isBusy) {
      throw new LondisteError('usage', `consumer ${this.registeredName} does something else already`, {
        hint: 'await one call before the next, or make another consumer',
      });
    }
    this.#isBusy = true;
    try {
      return await work();
    } finally {
      this.#isBusy = false;
    }
  }

  /** @internal */
  protected batchOf({ info, stop }: Turn<Context>, source: EventSource): Batch {
    const { queue, maxRetries, retrySeconds } = this.options;
    return new Batch({ queue, consumer: this.registeredName }, info, {
      source,
      policy: { maxRetries, retrySeconds },
      signal: stop,
    });
  }

  /** @internal The name that the queue has it under. */
  protected get registeredName(): string {
    return this.options.consumer;
  }

  /** @internal What registers it. */
  protected get registration(): string {
    const { queue, consumer } = this.options;
    return `call register() once, or run: pgqadm register ${queue} ${consumer}`;
  }

  /** @internal */
  protected registerOn(session: Session): Promise<boolean> {
    return registerConsumer(session, this.options.queue, this.options.consumer);
  }

  /** @internal */
  protected async unregisterOn(session: Session): Promise<boolean> {
    return (await unregisterConsumer(session, this.options.queue, this.options.consumer)) > 0;
  }

  /** @internal Opens the next batch, or returns the open one. */
  protected take(session: Session): Promise<BatchInfo | undefined> {
    const { queue, consumer } = this.options;
    return nextBatchCustom(session, queue, consumer, this.options);
  }

  /** @internal Has the handler work on a batch, and finishes it. */
  protected abstract work(turn: Turn<Context>): Promise<void>;
}

const never = new AbortController().signal;

async function call<Context>(handler: Handler<Context>, batch: Batch, context: Context): Promise<void> {
  try {
    await handler(batch, context);
    if (batch.isCutShort) batch.signal.throwIfAborted();
    await tap('consumer.handled');
  } catch (cause) {
    throw new HandlerFailure(cause);
  }
}
