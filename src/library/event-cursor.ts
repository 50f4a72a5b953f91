import type { Session } from '../db/session.js';
import { fetchEvents, getBatchCursor, type QueueEvent } from '../pgq/cursor.js';
import { untilStopped } from './stop.js';

const cursorName = 'londiste_batch';

/** Events of a batch, piece by piece; undefined after the last one. */
export interface EventSource {
  next(): Promise<readonly QueueEvent[] | undefined>;
}

interface CursorOptions {
  readonly session: Session;
  readonly batchId: number;
  /** How much to fetch at once. */
  readonly bytes: number;
  readonly stop: AbortSignal;
}

/** Reads a batch inside of the transaction that the session is in, among other statements of it. */
export class EventCursor implements EventSource {
  readonly #options: CursorOptions;
  #isOpen = false;
  #isAtEnd = false;

  constructor(options: CursorOptions) {
    this.#options = options;
  }

  async next(): Promise<readonly QueueEvent[] | undefined> {
    if (this.#isAtEnd) return undefined;
    const { session, stop } = this.#options;
    const events = await untilStopped(session, stop, this.#fetch());
    if (events.length > 0) return events;
    this.#isAtEnd = true;
    return undefined;
  }

  async #fetch(): Promise<QueueEvent[]> {
    const { session, batchId, bytes } = this.#options;
    if (!this.#isOpen) await getBatchCursor(session, batchId, cursorName);
    this.#isOpen = true;
    return fetchEvents(session, cursorName, bytes);
  }
}

/**
 * Reads a batch in a transaction of its own, which ends with the last event that was fetched: that of a small batch is
 * over before the first one is handled. The next piece is fetched while one is handled.
 */
export class PrefetchingCursor implements EventSource {
  readonly #session: Session;
  readonly #cursor: EventCursor;
  #ahead: Promise<readonly QueueEvent[] | undefined> | undefined;
  #inTransaction = false;

  constructor(options: CursorOptions) {
    this.#session = options.session;
    this.#cursor = new EventCursor(options);
  }

  async next(): Promise<readonly QueueEvent[] | undefined> {
    const events = await (this.#ahead ?? this.#fetch());
    this.#ahead = events && this.#fetch();
    // Its failure is told to whoever asks for it.
    this.#ahead?.catch(() => undefined);
    return events;
  }

  async #fetch(): Promise<readonly QueueEvent[] | undefined> {
    if (!this.#inTransaction) {
      await this.#session.execute('begin read only');
      this.#inTransaction = true;
    }
    const events = await this.#cursor.next();
    if (!events) await this.close();
    return events;
  }

  /** Ends the transaction, if one is open. */
  async close(): Promise<void> {
    await this.#ahead?.catch(() => undefined);
    if (!this.#inTransaction || this.#session.closed) return;
    this.#inTransaction = false;
    await this.#session.execute('rollback');
  }
}
