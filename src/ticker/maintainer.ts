import type { Session } from '../db/session.js';
import { parseName, quoteName } from '../db/identifiers.js';
import { sleep } from '../kernel/clock.js';
import { asLondisteError, type LondisteError } from '../kernel/errors.js';
import type { Log } from '../kernel/log.js';
import { explain, keepRunning, type Service } from '../kernel/service.js';
import { tap } from '../kernel/tap.js';
import {
  maintOperations,
  maintRetryEvents,
  maintRotateTablesStep1,
  maintRotateTablesStep2,
  type MaintOperation,
} from '../pgq/maintenance.js';
import { openUntil, type Connect } from './connect.js';
import { Readiness } from './readiness.js';

/** A function that never returns 0 would keep maintenance from everything else. */
const mostCallsInARow = 10_000;

export interface Maintenance {
  /** Retried events that went back into their queues. */
  readonly retried: number;
  readonly operations: readonly MaintOperation[];
  /** Operations that failed; they did not keep the others from being done. */
  readonly failures: readonly { readonly operation: MaintOperation; readonly error: LondisteError }[];
}

/** One pass: retried events, then everything that `pgq.maint_operations` lists, each in a transaction of its own. */
export async function maintainOnce(session: Session): Promise<Maintenance> {
  let retried = 0;
  for (let moved = 1; moved > 0; retried += moved) moved = await maintRetryEvents(session);

  const operations = await maintOperations(session);
  const failures: { operation: MaintOperation; error: LondisteError }[] = [];
  for (const operation of operations) {
    try {
      await perform(session, operation);
    } catch (thrown) {
      if (session.closed) throw thrown;
      failures.push({ operation, error: asLondisteError(thrown) });
    }
  }
  return { retried, operations, failures };
}

async function perform(session: Session, { functionName, argument }: MaintOperation): Promise<void> {
  switch (functionName) {
    case 'pgq.maint_rotate_tables_step1':
      await maintRotateTablesStep1(session, argument ?? '');
      await tap('ticker.between-rotation-steps');
      return;
    case 'pgq.maint_rotate_tables_step2':
      await maintRotateTablesStep2(session);
      return;
    case 'vacuum':
    case 'vacuum analyze':
      await session.execute(`${functionName} ${quoteName(parseName(argument ?? ''))}`);
      return;
    default:
      await callUntilZero(session, functionName, argument);
  }
}

/** The name comes from a table (`queue_extra_maint`): quoted, it can name a function and nothing else. */
async function callUntilZero(session: Session, functionName: string, argument: string | null): Promise<void> {
  const call = `${quoteName(parseName(functionName))}(${argument === null ? '' : '$1'})`;
  const values = argument === null ? [] : [argument];
  for (let calls = 0; calls < mostCallsInARow; calls += 1) {
    const { result } = await session.one<{ result: unknown }>(`select ${call} as result`, values);
    if (typeof result !== 'number' || result === 0) return;
  }
}

export interface MaintainerOptions {
  readonly connect: Connect;
  readonly log: Log;
  /** Milliseconds between passes. */
  readonly maintDelayMs?: number;
}

/** Rotates event tables, brings retried events back and vacuums, for all queues of one database. */
export class Maintainer implements Service {
  readonly name = 'maintainer';
  readonly #connect: Connect;
  readonly #log: Log;
  readonly #maintDelayMs: number;

  constructor({ connect, log, maintDelayMs = 300_000 }: MaintainerOptions) {
    this.#connect = connect;
    this.#log = log;
    this.#maintDelayMs = maintDelayMs;
  }

  run(stop: AbortSignal): Promise<void> {
    return keepRunning({ name: this.name, log: this.#log }, stop, async (healthy) => {
      // The ticker says what is waited for; two voices would only repeat each other.
      const quiet = this.#log.child({}, { level: 'silent' });
      await using session = await openUntil(stop, this.#connect, this.#log);
      if (!(await new Readiness(session, quiet).waitForSchema(stop))) return;
      while (!stop.aborted) {
        this.#tell(await maintainOnce(session));
        healthy();
        await sleep(this.#maintDelayMs, stop);
      }
    });
  }

  #tell({ retried, operations, failures }: Maintenance): void {
    for (const { operation, error } of failures) {
      const what = [operation.functionName, operation.argument].filter((part) => part !== null).join(' ');
      this.#log.error(explain(error), `maintenance: ${what}: ${error.message}`);
    }
    if (retried > 0 || operations.length > 0) {
      this.#log.info({ retried, operations: operations.length, failed: failures.length }, 'maintenance');
    }
  }
}
