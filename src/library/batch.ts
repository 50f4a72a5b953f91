import type { BatchInfo } from '../pgq/batch.js';
import type { QueueEvent } from '../pgq/cursor.js';
import { LondisteError } from '../kernel/errors.js';
import { Decisions, type RetryPolicy } from './decisions.js';
import type { EventSource } from './event-cursor.js';
import { asOurs } from './failure.js';

export interface RetryOptions {
  /** Until the event is seen again; by default what the consumer's `retrySeconds` says. */
  readonly seconds?: number;
  /** Kept with the dead letter that it becomes after the last retry. */
  readonly reason?: string;
}

/**
 * The events between two ticks of a queue, to be read once: `for await (const event of batch)`, or in arrays by
 * `batch.chunks()`. A handler that returns has done with all of them, also with those that it did not read.
 */
export class Batch implements AsyncIterable<QueueEvent> {
  readonly queue: string;
  readonly consumer: string;
  /** Aborted when the consumer is to stop. The next event is an error then, and the batch comes again. */
  readonly signal: AbortSignal;
  readonly #info: BatchInfo;
  readonly #source: EventSource;
  readonly #decisions: Decisions;
  #reading: 'not yet' | 'begun' | 'done' = 'not yet';

  /** @internal */
  constructor(
    { queue, consumer }: { readonly queue: string; readonly consumer: string },
    info: BatchInfo,
    { source, policy, signal }: { source: EventSource; policy: RetryPolicy; signal: AbortSignal },
  ) {
    this.queue = queue;
    this.consumer = consumer;
    this.signal = signal;
    this.#info = info;
    this.#source = source;
    this.#decisions = new Decisions(policy);
  }

  get id(): number {
    return this.#info.batchId;
  }

  /** The tick that it begins after. */
  get prevTickId(): number {
    return this.#info.prevTickId;
  }

  /** The tick that it ends with. */
  get tickId(): number {
    return this.#info.curTickId;
  }

  /** Event ids drawn between the two ticks: about as many events as it has. */
  get size(): number {
    return this.#info.curTickEventSeq - this.#info.prevTickEventSeq;
  }

  /** The events in arrays of about the consumer's `bufferBytes`, in the order of their ids. */
  async *chunks(): AsyncGenerator<readonly QueueEvent[], void, undefined> {
    if (this.#reading !== 'not yet') {
      throw new LondisteError('usage', `batch ${this.id} of queue ${this.queue} is read twice`, {
        hint: 'keep its events, or do all in one loop',
      });
    }
    this.#reading = 'begun';
    for (;;) {
      this.signal.throwIfAborted();
      const events = await asOurs(this.#source.next());
      if (!events) break;
      yield events;
    }
    this.#reading = 'done';
  }

  async *[Symbol.asyncIterator](): AsyncGenerator<QueueEvent, void, undefined> {
    for await (const events of this.chunks()) {
      for (const event of events) {
        this.signal.throwIfAborted();
        yield event;
      }
    }
  }

  /** Has this consumer see the event again later; after the consumer's `maxRetries` it becomes a dead letter instead. */
  retry(event: QueueEvent, options: RetryOptions = {}): void {
    this.#decisions.retry(event, options);
  }

  /** Gives the event up: it becomes a dead letter of this consumer. */
  dead(event: QueueEvent, reason: string): void {
    this.#decisions.dead(event, reason);
  }

  /** @internal What was decided about events, to be done when the batch is finished. */
  get decisions(): Decisions {
    return this.#decisions;
  }

  /** @internal Whether the consumer was stopped before all events were handed out. */
  get isCutShort(): boolean {
    return this.signal.aborted && this.#reading !== 'done';
  }
}
