import type { Session } from '../db/session.js';
import { parseName, quoteName } from '../db/identifiers.js';
import { sleep } from '../kernel/clock.js';
import { asLondisteError, type LondisteError } from '../kernel/errors.js';
import type { Log } from '../kernel/log.js';
import { explain, keepRunning, type Service, type ServiceFrame } from '../kernel/service.js';
import { tap } from '../kernel/tap.js';
import {
  maintOperations,
  maintRetryEvents,
  maintRotateTablesStep1,
  maintRotateTablesStep2,
  type MaintOperation,
} from '../pgq/maintenance.js';
import { Age, openUntil, type Connect, type ConnectionCare } from './connect.js';
import { Readiness } from './readiness.js';
import type { Statistics } from './statistics.js';

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
  const failures: { operation: MaintOperation; error: LondisteError }[] = [];
  const alone = async (operation: MaintOperation, work: () => Promise<unknown>): Promise<void> => {
    try {
      await work();
    } catch (thrown) {
      if (session.closed) throw thrown;
      failures.push({ operation, error: asLondisteError(thrown) });
    }
  };
  let retried = 0;
  await alone({ functionName: 'pgq.maint_retry_events', argument: null }, async () => {
    retried = await retryOnce(session);
  });
  const operations = await maintOperations(session);
  for (const operation of operations) await alone(operation, () => perform(session, operation));
  return { retried, operations, failures };
}

/** Sends all events again whose time has come; returns how many. */
export async function retryOnce(session: Session): Promise<number> {
  let retried = 0;
  for (let moved = 1; moved > 0; retried += moved) moved = await maintRetryEvents(session);
  return retried;
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
  /** Milliseconds between looks for events whose time to be sent again has come. */
  readonly retryPeriodMs?: number;
  readonly statistics?: Statistics | undefined;
  readonly connection?: ConnectionCare | undefined;
}

/** Rotates event tables, brings retried events back and vacuums, for all queues of one database. */
export class Maintainer implements Service {
  readonly name = 'maintainer';
  readonly #connect: Connect;
  readonly #log: Log;
  readonly #maintDelayMs: number;
  readonly #retryPeriodMs: number;
  readonly #statistics: Statistics | undefined;
  readonly #connection: ConnectionCare;
  #maintainedAt = -Infinity;

  constructor(options: MaintainerOptions) {
    this.#connect = options.connect;
    this.#log = options.log;
    this.#maintDelayMs = options.maintDelayMs ?? 300_000;
    this.#retryPeriodMs = options.retryPeriodMs ?? 30_000;
    this.#statistics = options.statistics;
    this.#connection = options.connection ?? {};
  }

  run(stop: AbortSignal): Promise<void> {
    const frame: ServiceFrame = { name: this.name, log: this.#log, ...this.#connection.frame };
    return keepRunning(frame, stop, async (healthy) => {
      // The ticker says what is waited for; two voices would only repeat each other.
      const quiet = this.#log.child({}, { level: 'silent' });
      await using session = await openUntil(stop, this.#connect, this.#log);
      if (!(await new Readiness(session, quiet).waitForSchema(stop))) return;
      const age = new Age(this.#connection.lifetimeMs);
      while (!stop.aborted && !age.isOver) {
        const { retried, maintained } = await this.#pass(session);
        healthy();
        this.#statistics?.add({ maint: maintained ? 1 : 0, retry: retried });
        const untilMaintenance = this.#maintainedAt + this.#maintDelayMs - performance.now();
        await sleep(Math.max(0, Math.min(untilMaintenance, this.#retryPeriodMs)), stop);
      }
    });
  }

  /** Maintenance where it is due, else only what is to be sent again. */
  async #pass(session: Session): Promise<{ retried: number; maintained: boolean }> {
    if (performance.now() - this.#maintainedAt < this.#maintDelayMs)
      return { retried: await retryOnce(session), maintained: false };
    const maintenance = await maintainOnce(session);
    this.#maintainedAt = performance.now();
    this.#tell(maintenance);
    return { retried: maintenance.retried, maintained: true };
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
