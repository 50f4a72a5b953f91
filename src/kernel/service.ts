import { Backoff } from './backoff.js';
import { isStopped, sleep } from './clock.js';
import { asLondisteError, type LondisteError } from './errors.js';
import type { Log } from './log.js';

/** A long-lived part of a daemon. `run` returns when `stop` is aborted and throws what it cannot mend itself. */
export interface Service {
  readonly name: string;
  run(stop: AbortSignal): Promise<void>;
}

/**
 * The frame of every service: run `attempt` until stop; after a failure that can pass, pause and run it again, with
 * growing pauses that start over once an attempt has called `healthy`. A failure that cannot pass ends the service.
 */
export async function keepRunning(
  frame: ServiceFrame,
  stop: AbortSignal,
  attempt: (healthy: () => void) => Promise<void>,
): Promise<void> {
  const { name, log, backoff = new Backoff(), onFailure, onHealthy } = frame;
  const report =
    frame.report ??
    ((error, retryInMs) => {
      log.error({ ...explain(error), retryInMs }, `${name}: ${error.message}`);
    });
  const healthy = (): void => {
    backoff.reset();
    onHealthy?.();
  };
  while (!stop.aborted) {
    try {
      await attempt(healthy);
    } catch (thrown) {
      const error = asLondisteError(thrown);
      // What fails because we are stopping is no failure.
      if (isStopped(stop)) return;
      if (error.reaction === 'stop') throw error;
      const pause = backoff.next();
      report(error, pause);
      onFailure?.(error);
      await sleep(pause, stop);
    }
  }
}

export interface ServiceFrame {
  readonly name: string;
  readonly log: Log;
  readonly backoff?: Backoff;
  readonly onFailure?: (error: LondisteError) => void;
  /** Tells of a failure after which it is tried again in so many milliseconds; else the log does. */
  readonly report?: (error: LondisteError, retryInMs: number) => void;
  readonly onHealthy?: () => void;
}

/** The fields of an error that a log line carries beside its message. */
export function explain(error: LondisteError): Record<string, unknown> {
  return {
    kind: error.kind,
    ...(error.sqlstate === undefined ? {} : { sqlstate: error.sqlstate }),
    hint: error.hint,
    // A bug is the one kind whose stack helps the reader.
    ...(error.kind === 'bug' && error.cause instanceof Error ? { stack: error.cause.stack } : {}),
  };
}

/** Runs services side by side; when one ends by an error the others are stopped, and that error is thrown. */
export async function supervise(services: readonly Service[], stop: AbortSignal): Promise<void> {
  const failed = new AbortController();
  const either = AbortSignal.any([stop, failed.signal]);
  const outcomes = await Promise.allSettled(
    services.map(async (service) => {
      try {
        await service.run(either);
      } catch (error) {
        failed.abort(error);
        throw error;
      }
    }),
  );
  const failure = outcomes.find((outcome) => outcome.status === 'rejected');
  if (failure) throw asLondisteError(failed.signal.reason ?? failure.reason);
}
