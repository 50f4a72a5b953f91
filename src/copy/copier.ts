import type { Bell } from '../kernel/clock.js';
import type { Log } from '../kernel/log.js';
import { keepRunning, type Service } from '../kernel/service.js';
import type { Desk } from './desk.js';
import { Pass } from './pass.js';
import { Retries } from './retries.js';
import type { Workbench } from './workbench.js';

export interface CopierOptions {
  readonly log: Log;
  /** Rung when a table may want a copy, or was taken over. */
  readonly bell: Bell;
  /** How many tables are copied at once. */
  readonly parallel: number;
  /** Opens the connections; undefined while replay does not serve the subscription. */
  readonly openDesk: () => Promise<Desk | undefined>;
  readonly openWorkbench: () => Promise<Workbench | undefined>;
}

/** How long to wait for the bell before looking anyway, in milliseconds: nobody should have to rely on a notification. */
const lookAnywayMs = 60_000;

/** Brings tables from `wanted` to `ready`, several at once, beside replay, which never waits for it. */
export class Copier implements Service {
  readonly name = 'copy';
  readonly #options: CopierOptions;
  readonly #retries = new Retries();

  constructor(options: CopierOptions) {
    this.#options = options;
  }

  async run(stop: AbortSignal): Promise<void> {
    const { log, bell } = this.#options;
    await keepRunning({ name: this.name, log }, stop, async (healthy) => {
      while (!stop.aborted) {
        await this.#pass(stop, healthy);
        healthy();
        await bell.wait(Math.min(lookAnywayMs, this.#retries.untilNext()), stop);
      }
    });
  }

  /** One pass over connections that live as long as there is something to copy. */
  async #pass(stop: AbortSignal, healthy: () => void): Promise<void> {
    const { bell, parallel, openDesk, openWorkbench } = this.#options;
    await using desk = await openDesk();
    if (desk === undefined || stop.aborted) return;
    const pass = new Pass({ desk, bell, parallel, openWorkbench, retries: this.#retries, healthy });
    await pass.run(stop, lookAnywayMs);
  }
}
