import { quoteLiteral } from '../db/identifiers.js';
import type { Session } from '../db/session.js';
import { getLastTick, setLastTick } from '../pgq/ext.js';
import type { QueueSource } from '../pgq/source.js';
import { explainTarget } from './failure.js';

/** A tick, and the epoch that it belongs to: another epoch has another tick of that number. */
export interface EpochTick {
  readonly tickId: number;
  /** When it began, in microseconds since 1970; undefined where nobody knows, which is not compared. */
  readonly epoch: number | undefined;
}

/** The subconsumer that schema pgq_ext has the epoch under, as if it were a tick: its table has no column for one. */
const epochName = 'epoch';

/** The name of a consumer's position where none is given: a JSON array, so that no two consumers have the same. */
export function nameOfPosition(
  { systemIdentifier, database, queueId }: QueueSource,
  { queue, consumer }: { readonly queue: string; readonly consumer: string },
): string {
  return JSON.stringify([systemIdentifier, database, queueId, queue, consumer]);
}

export function isSameTick(a: EpochTick, b: EpochTick): boolean {
  return a.tickId === b.tickId && isSameEpoch(a, b);
}

export function isSameEpoch(a: EpochTick, b: EpochTick): boolean {
  return a.epoch === undefined || b.epoch === undefined || a.epoch === b.epoch;
}

/** How far a consumer's work is in the target, in the transaction that its session is in. */
export class Position {
  readonly name: string;
  readonly #target: Session;

  constructor(target: Session, name: string) {
    this.#target = target;
    this.name = name;
  }

  /**
   * Keeps another process with the same position waiting until the transaction ends, also before there is a row to lock.
   */
  async lock(): Promise<void> {
    const lock = `select pg_catalog.pg_advisory_xact_lock(pg_catalog.hashtextextended($1, 0))`;
    await this.#target.query(lock, [`pgq_ext ${this.name}`]);
  }

  /** Undefined where no batch has been done. @throws LondisteError `refused` without schema pgq_ext, `rights` */
  async get(): Promise<EpochTick | undefined> {
    try {
      const tickId = await getLastTick(this.#target, this.name);
      if (tickId === undefined) return undefined;
      return { tickId, epoch: await getLastTick(this.#target, this.name, epochName) };
    } catch (error) {
      throw explainTarget(this.#target, error);
    }
  }

  async set({ tickId, epoch }: EpochTick, last: EpochTick | undefined): Promise<void> {
    await setLastTick(this.#target, this.name, tickId);
    if (!last || last.epoch !== epoch) await setLastTick(this.#target, this.name, epoch ?? null, epochName);
  }

  /** @throws LondisteError `refused` without schema pgq_ext, `rights` */
  async forget(): Promise<void> {
    try {
      for (const part of ['', epochName]) await setLastTick(this.#target, this.name, null, part);
    } catch (error) {
      throw explainTarget(this.#target, error);
    }
  }

  /** What to type for it to stand at a tick. */
  settingSql({ tickId, epoch }: EpochTick): string {
    const name = quoteLiteral(this.name).trim();
    return (
      `select pgq_ext.set_last_tick(${name}, ${tickId}), ` +
      `pgq_ext.set_last_tick(${name}, '${epochName}', ${epoch ?? 'null'})`
    );
  }
}
