import type { Bell } from '../kernel/clock.js';
import { asLondisteError, type LondisteError } from '../kernel/errors.js';
import { restoreHold } from '../londiste/restore-hold.js';
import { sweepShadows } from '../londiste/shadow.js';
import { tablesOnTheWay, type SubscribedTable } from '../londiste/table-state.js';
import { forceTick } from '../pgq/ticker.js';
import { owners } from '../table/state.js';
import { advance } from './advance.js';
import type { Desk } from './desk.js';
import { keepFailure } from './failure.js';
import type { Retries } from './retries.js';
import { settleHold } from './settle-hold.js';
import type { Workbench } from './workbench.js';

export interface PassOptions {
  readonly desk: Desk;
  readonly bell: Bell;
  /** How many tables at once. */
  readonly parallel: number;
  readonly openWorkbench: () => Promise<Workbench | undefined>;
  readonly retries: Retries;
  /** Called when a table has come through. */
  readonly healthy: () => void;
}

/** A shadow that was locked is looked at again after so many milliseconds: its holder is not known to tell us. */
const sweepAgainMs = 1_000;

/** Of many tables that become ready one after the other, not each asks for a tick of its own; in milliseconds. */
const betweenTicksMs = 100;

/** What the provider need not keep any longer it is told so often while tables are copied, in milliseconds. */
const betweenSettlesMs = 1_000;

/**
 * One pass of the copier: all tables that are its own and due are brought as far as they get, several at once, until none is
 * left. Those that come meanwhile are taken along. A table's own failure is kept with it and does not hold up the others. The
 * provider is told now and then what it need not keep any longer.
 */
export class Pass {
  readonly #options: PassOptions;
  readonly #waiting: SubscribedTable[] = [];
  /** Each with the connections that it is copied over, once they are open. */
  readonly #underWay = new Map<string, Workbench | undefined>();
  readonly #benches = new Set<Workbench>();
  readonly #givenUp = new WeakSet<Workbench>();
  readonly #workers = new Set<Promise<void>>();
  #failure: LondisteError | undefined;
  #isCut = false;
  #tickedAt = -Infinity;
  #settledAt = -Infinity;

  constructor(options: PassOptions) {
    this.#options = options;
  }

  /** Throws what none of the tables is to blame for; nothing is under way any more then. */
  async run(stop: AbortSignal, lookAnywayMs: number): Promise<void> {
    const { bell, retries } = this.#options;
    // A copy may take hours and a stop must not: cut off, it goes on at the next start.
    const cut = (): void => {
      this.#cut();
    };
    stop.addEventListener('abort', cut, { once: true });
    try {
      for (;;) {
        const lookedAt = Date.now();
        await this.#look();
        this.#start();
        const isLeft = await sweepShadows(this.#options.desk.subscriber);
        if (this.#workers.size === 0 && !isLeft) return;
        const atMost = isLeft ? sweepAgainMs : lookAnywayMs;
        await bell.wait(Math.min(atMost, retries.untilNext(lookedAt)), stop);
        if (this.#failure) throw this.#failure;
        if (stop.aborted) return;
      }
    } finally {
      stop.removeEventListener('abort', cut);
      this.#cut();
      await Promise.all(this.#workers);
    }
  }

  async #look(): Promise<void> {
    const { desk, retries } = this.#options;
    // A table goes on from its own position only where the events since then are there.
    await restoreHold(desk);
    const tables = await tablesOnTheWay(desk.subscriber, desk.name, [...this.#underWay.keys()]);
    // A process that died right after it had made them ready has not asked for the tick that they wait for.
    if (this.#tickedAt === -Infinity && tables.some(({ state }) => state === 'ready')) await this.#tick(desk);
    const mine = tables.filter(({ state }) => owners[state] === 'copier');
    retries.keepOnly(mine);
    this.#giveUp(tables);
    const due = mine.filter(
      (table) => !table.isPaused && !this.#underWay.has(table.name) && retries.isDue(table),
    );
    this.#waiting.splice(0, Infinity, ...due);
    const isLast = this.#underWay.size === 0 && due.length === 0;
    if (isLast || Date.now() - this.#settledAt > betweenSettlesMs) {
      this.#settledAt = Date.now();
      await settleHold(desk);
    }
  }

  /** Cuts off at once what an operator has cancelled, or taken off the list. */
  #giveUp(tables: readonly SubscribedTable[]): void {
    const wanted = new Set(tables.filter(({ state }) => state !== 'parked').map(({ name }) => name));
    for (const [table, bench] of this.#underWay) {
      if (wanted.has(table) || bench === undefined) continue;
      this.#options.desk.log.info({ table }, `table ${table}: the copy is given up`);
      this.#givenUp.add(bench);
      bench.cut();
    }
  }

  #start(): void {
    const { parallel } = this.#options;
    for (let free = Math.min(parallel - this.#workers.size, this.#waiting.length); free > 0; free -= 1) {
      const worker = this.#work()
        .catch((thrown: unknown) => {
          this.#failure ??= asLondisteError(thrown);
        })
        .finally(() => {
          this.#workers.delete(worker);
          this.#options.bell.ring();
        });
      this.#workers.add(worker);
    }
  }

  /** Takes one waiting table after the other, over connections of its own. */
  async #work(): Promise<void> {
    let bench: Workbench | undefined;
    try {
      for (let table = this.#waiting.shift(); table; table = this.#waiting.shift()) {
        this.#underWay.set(table.name, undefined);
        try {
          if (bench?.usable !== true) {
            await this.#close(bench);
            bench = await this.#open();
            if (bench === undefined) return;
          }
          this.#underWay.set(table.name, bench);
          await this.#bring(bench, table);
        } finally {
          this.#underWay.delete(table.name);
        }
      }
    } finally {
      await this.#close(bench);
    }
  }

  async #open(): Promise<Workbench | undefined> {
    const bench = await this.#options.openWorkbench();
    if (bench) this.#benches.add(bench);
    if (this.#isCut) bench?.cut();
    return bench;
  }

  async #close(bench: Workbench | undefined): Promise<void> {
    if (bench === undefined) return;
    this.#benches.delete(bench);
    await bench[Symbol.asyncDispose]();
  }

  async #bring(bench: Workbench, table: SubscribedTable): Promise<void> {
    const { retries, healthy } = this.#options;
    const landedBefore = bench.landed;
    try {
      const isReady = await advance(bench, table);
      const isTimely = this.#waiting.length === 0 || Date.now() - this.#tickedAt > betweenTicksMs;
      // An idle queue has no next tick, with which replay could take the table, so one is asked for.
      if (isReady && isTimely) await this.#tick(bench);
      retries.forget(table);
      healthy();
    } catch (thrown) {
      if (this.#isCut || this.#givenUp.has(bench)) return;
      // What parks it from here on is we ourselves.
      this.#underWay.set(table.name, undefined);
      const outcome = await keepFailure(bench, table.name, thrown);
      if (outcome === 'retry') retries.failed(table, { gotOn: bench.landed > landedBefore });
      else retries.forget(table);
    }
  }

  async #tick({ provider, name }: Pick<Desk, 'provider' | 'name'>): Promise<void> {
    this.#tickedAt = Date.now();
    await forceTick(provider, name.queue);
  }

  #cut(): void {
    this.#isCut = true;
    this.#waiting.splice(0);
    for (const bench of this.#benches) bench.cut();
  }
}
