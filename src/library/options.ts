import type { BatchLimits } from '../pgq/batch.js';
import type { Connection } from './connection.js';
import type { RetryPolicy } from './decisions.js';

export interface ConsumerOptions extends BatchLimits, Partial<RetryPolicy> {
  /** The database of the queue: a connection string, or what `pg` takes. */
  readonly connection: Connection;
  readonly queue: string;
  /** The name that the queue knows this consumer by. */
  readonly consumer: string;
  /** Bytes of events that are fetched at once; twice as much, or one event, is held in memory. By default 1 MB. */
  readonly bufferBytes?: number;
  /** Milliseconds between looks for a batch that no notification has told of. By default 1000. */
  readonly pollMs?: number;
  /** Shown in pg_stat_activity; by default the consumer's name. */
  readonly applicationName?: string;
  /**
   * Told of every failure that `run` goes on after. Without it `run` ends with what a handler throws; with it that batch
   * comes again after a pause. Lost connections are come back from in both cases.
   */
  readonly onError?: (error: unknown, retryInMs: number) => void;
}

/** Doubles from 10 seconds to an hour. */
function patience(retries: number): number {
  return Math.min(10 * 2 ** retries, 3600);
}

export type Resolved = Omit<ConsumerOptions, 'connection' | 'onError'> &
  RetryPolicy & {
    readonly bufferBytes: number;
    readonly pollMs: number;
    readonly applicationName: string;
  };

export function resolve(options: ConsumerOptions): Resolved {
  return {
    ...options,
    maxRetries: options.maxRetries ?? 5,
    retrySeconds: options.retrySeconds ?? patience,
    bufferBytes: options.bufferBytes ?? 1_000_000,
    pollMs: options.pollMs ?? 1000,
    applicationName: options.applicationName ?? options.consumer,
  };
}
