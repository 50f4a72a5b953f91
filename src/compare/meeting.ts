import type { Session } from '../db/session.js';
import { Bell } from '../kernel/clock.js';
import { LondisteError } from '../kernel/errors.js';
import { tap } from '../kernel/tap.js';
import {
  announceCompare,
  compareChannel,
  endCompare,
  openCompare,
  reachedPayload,
  releaseCompare,
  replayHolder,
  setCompareTick,
  type ComparePurpose,
} from '../londiste/compare-request.js';
import { readPosition } from '../londiste/position.js';
import { finishRepair } from '../londiste/repair.js';
import { tickAt } from '../londiste/tick-at.js';
import { onBoth, type CompareBench } from './bench.js';

/** Both readers at the same tick, for as long as their transactions are open. */
export interface Meeting {
  readonly tick: number;
  /** When the readers have to let go, as the clock has it. */
  readonly until: number;
  /** The number of the repair that was asked for with the agenda. */
  readonly repair: number | undefined;
  end(): Promise<void>;
}

/** What a round is about: the tables as LOCK takes them, and what replay is to repair at the tick, made when the provider stands there. */
export interface Agenda {
  readonly provider: string;
  readonly subscriber: string;
  readonly repair?: () => Promise<number>;
}

/** A tick between the reader's snapshot and ours makes a new snapshot necessary; a queue that ticks that often is not known. */
const mostTicksTried = 100;

/** Rounds in a row that may fail because replay did not come in time. */
const mostMissed = 3;

/** How often to look whether replay is still there while it is waited for, in milliseconds. */
const lookMs = 1_000;

/** Brings the readers of both sides to the same tick, again and again: see docs/decisions/0011. */
export class Meetings {
  readonly #bench: CompareBench;
  readonly #reached = new Set<string>();
  readonly #bell = new Bell();

  private constructor(bench: CompareBench) {
    this.#bench = bench;
  }

  /** @throws LondisteError `refused` when another compare of the subscription runs, or nobody replays it. */
  static async open(bench: CompareBench): Promise<Meetings> {
    const { subscriber, name } = bench;
    const holder = await openCompare(subscriber, name);
    if (holder !== undefined) {
      throw new LondisteError(
        'refused',
        `consumer ${name.consumer} of queue ${name.queue} is being compared already by ${holder}`,
        { hint: 'wait until that compare or repair has ended, or stop it' },
      );
    }
    const meetings = new Meetings(bench);
    await subscriber.listen(compareChannel, (payload) => {
      meetings.#reached.add(payload);
      meetings.#bell.ring();
    });
    subscriber.onClosed(() => {
      meetings.#bell.ring();
    });
    return meetings;
  }

  /** @throws LondisteError `refused` when replay does not come, after some tries. */
  async meet(agenda: Agenda): Promise<Meeting> {
    for (let missed = 0; missed < mostMissed; missed += 1) {
      const meeting = await this.#try(agenda);
      if (meeting) return meeting;
      this.#bench.log.debug('replay did not come to the tick in time; once more');
    }
    const { holdMs, name } = this.#bench;
    throw new LondisteError(
      'refused',
      `replay of consumer ${name.consumer} of queue ${name.queue} did not come to the tick of the compare, ${mostMissed} times within ${holdMs / 1000} s`,
      {
        hint: 'wait until it has caught up (pgqadm TICKER_CONFIG status shows its lag), or raise compare_hold or compare_wait',
      },
    );
  }

  async #try(agenda: Agenda): Promise<Meeting | undefined> {
    const { subscriber, name, waitMs, holdMs, readers } = this.#bench;
    await this.#requireReplay();
    const held = new Set<ComparePurpose>(['tick', 'reader']);
    const release = async (purpose: ComparePurpose): Promise<void> => {
      if (held.delete(purpose) && !subscriber.closed) await releaseCompare(subscriber, name, purpose);
    };
    const request = await announceCompare(subscriber, name, waitMs);
    let isThere = false;
    let repair: number | undefined;
    try {
      await tap('compare.announced');
      const tick = await this.#provideTick(agenda);
      const until = Date.now() + holdMs;
      repair = await agenda.repair?.();
      if (!(await setCompareTick(subscriber, name, { request, tick, repair }))) return undefined;
      await release('tick');
      if (!(await this.#isReached(tick, until))) return undefined;
      await tap('compare.at-tick');
      await begin(readers.subscriber, agenda.subscriber);
      const position = await readPosition(readers.subscriber, name);
      isThere = position?.tick?.tickId === tick;
      return isThere ? { tick, until, repair, end: () => this.#letGo() } : undefined;
    } finally {
      if (!subscriber.closed) {
        // Replay has either committed what it was asked to by now, or never will.
        await endCompare(subscriber, name, request);
        if (!isThere && repair !== undefined)
          await finishRepair(subscriber, repair, { error: 'replay did not come to the tick in time' });
        await release('tick');
        await release('reader');
      }
      if (!isThere) await this.#letGo();
    }
  }

  /** Has the provider's reader stand at a snapshot that is a tick. */
  async #provideTick({ provider: table }: Agenda): Promise<number> {
    const { provider, readers, name } = this.#bench;
    for (let tried = 0; tried < mostTicksTried; tried += 1) {
      await begin(readers.provider, table);
      const { snapshot } = await readers.provider.one<{ snapshot: string }>(
        'select pg_current_snapshot()::text as snapshot',
      );
      const tick = await tickAt(provider, name.queue, snapshot);
      if (tick !== undefined) return tick;
      await readers.provider.execute('rollback');
    }
    throw new LondisteError('busy', `queue ${name.queue} got other ticks, ${mostTicksTried} times in a row`);
  }

  /** Waits until replay has committed the tick. */
  async #isReached(tick: number, until: number): Promise<boolean> {
    const { subscriber, name, stop } = this.#bench;
    const payload = reachedPayload(name, tick);
    while (!this.#reached.delete(payload)) {
      const left = until - Date.now();
      if (left <= 0 || stop.aborted || subscriber.closed) return false;
      await this.#bell.wait(Math.min(left, lookMs), stop);
      if (!this.#reached.has(payload) && Date.now() < until) await this.#requireReplay();
    }
    this.#reached.clear();
    return true;
  }

  async #requireReplay(): Promise<void> {
    const { subscriber, name } = this.#bench;
    if ((await replayHolder(subscriber, name)) !== undefined) return;
    throw new LondisteError(
      'refused',
      `nobody replays consumer ${name.consumer} of queue ${name.queue}: both sides are compared at a tick that replay has reached`,
      { hint: 'start it: londiste CONFIG replay -d' },
    );
  }

  async #letGo(): Promise<void> {
    const { readers } = this.#bench;
    await onBoth(async (side) => {
      if (!readers[side].closed) await readers[side].execute('rollback');
    });
  }
}

/**
 * The table's lock, and only then the snapshot: under an older one a table that was rewritten in between is empty, without an
 * error.
 */
async function begin(reader: Session, table: string): Promise<void> {
  await reader.execute('begin isolation level repeatable read read only');
  await reader.execute(`lock table ${table} in access share mode`);
}
