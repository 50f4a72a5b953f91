import { expect } from 'vitest';
import { maintRetryEvents } from '../../../../src/pgq/maintenance.js';
import type { ConnectSettings } from '../../../../src/db/session.js';
import { Overlaps } from '../../../support/overlaps.js';
import { rotateWhenDue, value } from '../pgq-database.js';
import { Producer, type Scene } from './producer.js';
import { Seat } from './seat.js';
import { producers, stewards, workers, type Round, type StewardStep } from './steps.js';
import { Worker } from './worker.js';

/** The sessions of all actors, which last for many stories. */
export class Stage implements AsyncDisposable {
  readonly #settings: ConnectSettings;
  readonly #seats = new Map<string, Seat>();
  readonly overlaps = new Overlaps(['write', 'commit', 'tick', 'rotation', 'retries', 'batch']);
  /** What every run must have met, so that passing means something. */
  readonly met: Record<string, number> = Object.fromEntries(
    [
      'rolled back',
      'savepoints taken back',
      'open over three ticks',
      'producers died',
      'producers died committing',
      'batches crashed',
      'crashed before the end of a batch',
      'workers died committing',
      'batches that another worker finished first',
      'retried events seen again',
      'rotations',
      'events in a table that was not current',
      'events whose transaction was open at the tick before',
    ].map((moment) => [moment, 0]),
  );

  constructor(settings: ConnectSettings) {
    this.#settings = settings;
  }

  seat(name: string): Seat {
    const seat = this.#seats.get(name) ?? new Seat(this.#settings);
    this.#seats.set(name, seat);
    return seat;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    for (const seat of this.#seats.values()) await seat[Symbol.asyncDispose]();
  }
}

/** One queue of its own, from its making to its end. */
export class Story implements Scene {
  readonly queue: string;
  readonly overlaps: Overlaps;
  readonly #stage: Stage;
  readonly #producers: readonly Producer[];
  readonly #workers: readonly Worker[];

  constructor(stage: Stage, queue: string) {
    this.queue = queue;
    this.overlaps = stage.overlaps;
    this.#stage = stage;
    this.#producers = Array.from({ length: producers }, (_, n) => {
      const name = `producer ${n}`;
      return new Producer(this, { seat: stage.seat(name), witness: stage.seat(`${name}'s witness`), name });
    });
    this.#workers = workers.map((consumer, n) => {
      const isAlone = workers.filter((one) => one === consumer).length === 1;
      return new Worker(this, { seat: stage.seat(`worker ${n}`), consumer, isAlone });
    });
  }

  note(moment: string): void {
    this.#stage.met[moment] = (this.#stage.met[moment] ?? 0) + 1;
  }

  async play(rounds: readonly Round[]): Promise<void> {
    const steward = await this.#stage.seat('steward 0').session();
    await steward.query('select pgq.create_queue($1)', [this.queue]);
    await steward.query(
      `update pgq.queue set queue_ticker_max_lag = '0', queue_ticker_idle_period = '0', queue_rotation_period = '-1 second'
       where queue_name = $1`,
      [this.queue],
    );
    for (const consumer of new Set(workers))
      await steward.query('select pgq.register_consumer($1, $2)', [this.queue, `consumer ${consumer}`]);
    try {
      for (const round of rounds) await this.#play(round);
      await this.#finish();
    } finally {
      // Also of a story that failed.
      for (const producer of this.#producers) await producer.do({ act: 'roll back' });
      await steward.query('select pgq.drop_queue($1, true)', [this.queue]);
    }
  }

  async #play(round: Round): Promise<void> {
    if (round.isCalm) {
      for (const producer of this.#producers) await producer.endWritten();
      await this.#catchUp();
    }
    await together([
      ...this.#producers.map((producer, n) => inOrder(round.producers[n], (step) => producer.do(step))),
      ...this.#workers.map((worker, n) => inOrder(round.workers[n], (step) => worker.do(step))),
      ...Array.from({ length: stewards }, (_, n) =>
        inOrder(round.stewards[n], (step) => this.#steward(step, n)),
      ),
    ]);
  }

  async #steward(step: StewardStep, n: number): Promise<void> {
    const session = await this.#stage.seat(`steward ${n}`).session();
    switch (step) {
      case 'tick': {
        const tick = (): Promise<number | null> => value(session, 'select pgq.ticker($1)', [this.queue]);
        const made = await this.overlaps.during('tick', tick, (id) => id !== null);
        if (made !== null) for (const producer of this.#producers) producer.ticked();
        return;
      }
      case 'rotate': {
        const before = await this.#table(n);
        const rotate = async (): Promise<boolean> => {
          await rotateWhenDue(session, this.queue);
          return (await this.#table(n)) !== before;
        };
        if (await this.overlaps.during('rotation', rotate, (isDone) => isDone)) this.note('rotations');
        return;
      }
      case 'return retries': {
        const some = (): Promise<number> => maintRetryEvents(session);
        while ((await this.overlaps.during('retries', some, (moved) => moved > 0)) > 0);
      }
    }
  }

  async #table(n: number): Promise<number> {
    const session = await this.#stage.seat(`steward ${n}`).session();
    return value(session, 'select queue_cur_table from pgq.queue where queue_name = $1', [this.queue]);
  }

  async #catchUp(): Promise<void> {
    await this.#steward('tick', 0);
    for (const worker of this.#workers) await worker.drain();
  }

  /** Everything that was committed is delivered, and what was put aside comes back. */
  async #finish(): Promise<void> {
    for (const producer of this.#producers) await producer.end();
    const steward = await this.#stage.seat('steward 0').session();
    const left = `select count(*) from pgq.retry_queue r join pgq.queue q on q.queue_id = r.ev_queue where q.queue_name = $1`;
    do {
      await this.#catchUp();
      await this.#steward('return retries', 0);
      await this.#catchUp();
    } while ((await value<number>(steward, left, [this.queue])) > 0);
    const committed = this.#producers.flatMap((producer) => producer.committed);
    for (const consumer of new Set(workers)) {
      const seen = await steward.query<{ data: string }>(
        'select data from seen where queue = $1 and consumer = $2',
        [this.queue, consumer],
      );
      expect(seen.map(({ data }) => data).sort(), `consumer ${consumer}`).toEqual([...committed].sort());
    }
  }
}

async function inOrder<T>(
  steps: readonly T[] | undefined,
  play: (step: T) => Promise<unknown>,
): Promise<void> {
  for (const step of steps ?? []) await play(step);
}

/** Waits for all, whatever becomes of one, and throws what the first of them threw. */
async function together(all: readonly Promise<void>[]): Promise<void> {
  for (const outcome of await Promise.allSettled(all))
    if (outcome.status === 'rejected') throw outcome.reason;
}
