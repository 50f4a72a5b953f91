import type { QueueEvent } from '../pgq/cursor.js';
import type { Deaths, Retries } from '../pgq/retry.js';

export interface RetryPolicy {
  /** How often an event is retried before it becomes a dead letter. */
  readonly maxRetries: number;
  /** Seconds until an event that was retried this often already is seen again. */
  readonly retrySeconds: (retries: number) => number;
}

type Decision = { readonly seconds: number } | { readonly reason: string | null };

/** The most that the server takes: some 68 years. */
const mostSeconds = 2 ** 31 - 1;

/** What a handler has decided about events of its batch; the last word about each counts. */
export class Decisions {
  readonly #policy: RetryPolicy;
  readonly #byEvent = new Map<number, Decision>();

  constructor(policy: RetryPolicy) {
    this.#policy = policy;
  }

  retry(event: QueueEvent, { seconds, reason }: { seconds?: number; reason?: string }): void {
    const { maxRetries, retrySeconds } = this.#policy;
    if (event.retries >= maxRetries) {
      this.#byEvent.set(event.id, { reason: reason ?? null });
      return;
    }
    const wanted = Math.ceil(seconds ?? retrySeconds(event.retries));
    this.#byEvent.set(event.id, { seconds: Math.min(Math.max(wanted || 0, 0), mostSeconds) });
  }

  dead(event: QueueEvent, reason: string): void {
    this.#byEvent.set(event.id, { reason });
  }

  get isEmpty(): boolean {
    return this.#byEvent.size === 0;
  }

  get retries(): Retries {
    const all = [...this.#byEvent].flatMap(([id, it]) => ('seconds' in it ? [{ id, ...it }] : []));
    return { ids: all.map(({ id }) => id), seconds: all.map(({ seconds }) => seconds) };
  }

  get deaths(): Deaths {
    const all = [...this.#byEvent].flatMap(([id, it]) => ('reason' in it ? [{ id, ...it }] : []));
    return { ids: all.map(({ id }) => id), reasons: all.map(({ reason }) => reason) };
  }
}
