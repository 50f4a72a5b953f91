import type { Bell } from '../kernel/clock.js';
import type { Log } from '../kernel/log.js';
import { keepRunning, type Service } from '../kernel/service.js';
import { restoreHold } from '../londiste/restore-hold.js';
import { subscriberGetTableList } from '../londiste/table-state.js';
import { owners } from '../table/state.js';
import { advance } from './advance.js';
import { keepFailure } from './failure.js';
import { Retries } from './retries.js';
import { settleHold } from './settle-hold.js';
import type { Workbench } from './workbench.js';

export interface CopierOptions {
  readonly log: Log;
  /** Rung when a table may want a copy, or was taken over. */
  readonly bell: Bell;
  /** Opens the connections; undefined while replay does not serve the subscription. */
  readonly open: () => Promise<Workbench | undefined>;
}

/** How long to wait for the bell before looking anyway, in milliseconds: nobody should have to rely on a notification. */
const lookAnywayMs = 60_000;

/** Brings tables from `wanted` to `ready`, one after the other, beside replay, which never waits for it. */
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
        const isDone = await this.#work(stop);
        healthy();
        if (isDone) await bell.wait(Math.min(lookAnywayMs, this.#retries.untilNext()), stop);
      }
    });
  }

  /** One pass over connections that live as long as it takes; false when one was lost and tables are left over. */
  async #work(stop: AbortSignal): Promise<boolean> {
    await using bench = await this.#options.open();
    if (bench === undefined || stop.aborted) return true;
    // A copy may take hours and a stop must not: cut off, it starts over.
    const cut = (): void => {
      bench.feed.destroy();
      bench.subscriber.destroy();
    };
    stop.addEventListener('abort', cut, { once: true });
    try {
      return await copyOnce(bench, this.#retries);
    } finally {
      stop.removeEventListener('abort', cut);
    }
  }
}

/**
 * One pass over all tables that are the copier's and due: each is brought as far as it gets. A table's own failure is
 * kept with it and does not hold up the others; one that cost a connection ends the pass, and false is returned. At the
 * end the provider is told what it need not keep any longer.
 */
export async function copyOnce(bench: Workbench, retries: Retries): Promise<boolean> {
  // A table goes on from its own position only where the events since then are there.
  await restoreHold(bench);
  const tables = await subscriberGetTableList(bench.subscriber, bench.name);
  const mine = tables.filter(({ state }) => owners[state] === 'copier');
  for (const table of mine.filter((candidate) => retries.isDue(candidate))) {
    try {
      await advance(bench, table);
      retries.forget(table);
    } catch (thrown) {
      const outcome = await keepFailure(bench, table.name, thrown);
      if (outcome === 'retry') retries.failed(table);
      else retries.forget(table);
      if (bench.feed.closed || bench.provider.closed) return false;
    }
  }
  await settleHold(bench);
  return true;
}
