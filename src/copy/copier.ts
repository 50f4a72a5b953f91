import type { Session } from '../db/session.js';
import { Backoff } from '../kernel/backoff.js';
import type { Bell } from '../kernel/clock.js';
import { asLondisteError, LondisteError } from '../kernel/errors.js';
import type { Log } from '../kernel/log.js';
import { explain, keepRunning, type Service } from '../kernel/service.js';
import { tap } from '../kernel/tap.js';
import { holdEvents, releaseEvents } from '../londiste/provider.js';
import type { SubscriptionName } from '../londiste/subscription-name.js';
import {
  setTableError,
  setTableState,
  subscriberGetTableList,
  type SubscribedTable,
} from '../londiste/table-state.js';
import { forceTick } from '../pgq/ticker.js';
import { lastTick } from '../pgq/tick.js';
import { Snapshot } from '../table/snapshot.js';
import { owners } from '../table/state.js';
import { transferTable } from './transfer.js';
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

/** When a table that failed is tried again: later each time, and at once when an operator asks for a new copy. */
export class Retries {
  readonly #failed = new Map<string, { readonly backoff: Backoff; at: number }>();

  isDue({ name, attempts }: SubscribedTable): boolean {
    if (attempts === 0) this.#failed.delete(name);
    return (this.#failed.get(name)?.at ?? 0) <= Date.now();
  }

  failed({ name }: SubscribedTable): void {
    const backoff = this.#failed.get(name)?.backoff ?? new Backoff({ first: 500, most: 30_000 });
    this.#failed.set(name, { backoff, at: Date.now() + backoff.next() });
  }

  succeeded({ name }: SubscribedTable): void {
    this.#failed.delete(name);
  }

  /** Milliseconds until the first of them is due. */
  untilNext(): number {
    return Math.max(0, Math.min(Infinity, ...[...this.#failed.values()].map(({ at }) => at)) - Date.now());
  }
}

/**
 * One pass over all tables that are the copier's and due: each is brought as far as it gets. A table's own failure is
 * kept with it and does not hold up the others; one that cost a connection ends the pass, and false is returned. At the
 * end the provider is told what it need not keep any longer.
 */
export async function copyOnce(bench: Workbench, retries: Retries): Promise<boolean> {
  const mine = (await listTables(bench)).filter((table) => owners[table.state] === 'copier');
  for (const table of mine.filter((candidate) => retries.isDue(candidate))) {
    try {
      await advance(bench, table);
      retries.succeeded(table);
    } catch (thrown) {
      retries.failed(table);
      await keepError(bench, table, asLondisteError(thrown));
      if (bench.feed.closed || bench.provider.closed) return false;
    }
  }
  await settleHold(bench);
  return true;
}

/** From wherever the table is to `ready`. */
async function advance(bench: Workbench, table: SubscribedTable): Promise<void> {
  const { name } = table;
  if (table.state === 'wanted' || table.state === 'copying') {
    if (!(await copy(bench, name))) return;
    bench.log.info({ table: name }, `table ${name}: rows copied`);
  }
  await build(bench, name);
  await catchUpToHead(bench, name);
}

/** wanted → copying → building. The provider keeps every event from before the snapshot is taken. */
async function copy(bench: Workbench, table: string): Promise<boolean> {
  const { subscriber, provider, name, fence, log } = bench;
  if (!(await setTableState(subscriber, name, { table, event: 'start-copy', fence }))) return false;
  const holdTick = await holdEvents(provider, name);
  log.info({ table }, `table ${table}: copying`);
  return await transferTable(bench, { table, holdTick });
}

/** building → catching-up, standing at the snapshot of the copy. */
async function build({ subscriber, name, fence }: Workbench, table: string): Promise<void> {
  const here = await find(subscriber, name, table);
  if (here?.state !== 'building') return;
  await subscriber.execute(`analyze ${table}`);
  const snapshot = here.copySnapshot;
  if (snapshot === undefined || here.tickId === undefined)
    throw new LondisteError('bug', `table ${table}: no snapshot is stored for its copy`);
  await setTableState(subscriber, name, {
    table,
    event: 'built',
    fence,
    mark: { tickId: here.tickId, snapshot },
  });
  await tap('copy.landed');
}

/** A round of catching up that was shorter than this ends it, in milliseconds: replay makes up for so much in one batch. */
const shortRoundMs = 1_000;

/**
 * catching-up → ready: rounds up to the provider's last tick, each shorter than the one before, until the table is at
 * the head. An idle queue has no next tick, with which replay could take the table, so one is asked for.
 */
async function catchUpToHead(bench: Workbench, table: string): Promise<void> {
  const { subscriber, provider, name, fence, log } = bench;
  for (;;) {
    const here = await find(subscriber, name, table);
    if (here?.state !== 'catching-up' || here.snapshot === undefined || here.tickId === undefined) return;
    const head = await lastTick(provider, name.queue);
    const began = Date.now();
    if (head !== undefined && !here.snapshot.contains(Snapshot.parse(head.snapshot))) {
      if (!(await bench.catchUp(table, head))) return;
      await tap('copy.caught-up');
      if (Date.now() - began > shortRoundMs) continue;
    }
    const stands = await find(subscriber, name, table);
    if (stands?.snapshot === undefined || stands.tickId === undefined) return;
    const mark = { tickId: stands.tickId, snapshot: stands.snapshot.text };
    if (await setTableState(subscriber, name, { table, event: 'caught-up', fence, mark })) {
      log.info({ table }, `table ${table}: ready, replay takes it over with the next tick`);
      await forceTick(provider, name.queue);
    }
    return;
  }
}

/** The provider keeps events for the table that stands furthest back; when no table has a position of its own, for none. */
async function settleHold(bench: Workbench): Promise<void> {
  const { provider, name } = bench;
  const tables = await listTables(bench);
  const behind = tables.filter(({ state }) => state !== 'ok' && state !== 'wanted');
  const ticks = behind.map(({ tickId }) => tickId);
  if (ticks.every((tick) => tick !== undefined)) {
    await releaseEvents(provider, name, ticks.length === 0 ? undefined : Math.min(...ticks));
  }
}

async function keepError(
  { subscriber, name, log }: Workbench,
  table: SubscribedTable,
  error: LondisteError,
): Promise<void> {
  const told = error.of(table.name);
  // Without the connection there is no other table to go on with either.
  if (subscriber.closed || error.kind === 'fenced') throw told;
  log.error({ ...explain(told), table: table.name }, told.message);
  await setTableError(subscriber, name, { table: table.name, error: told.message, sqlstate: told.sqlstate });
}

function listTables({ subscriber, name }: Workbench): Promise<SubscribedTable[]> {
  return subscriberGetTableList(subscriber, name);
}

async function find(
  subscriber: Session,
  name: SubscriptionName,
  table: string,
): Promise<SubscribedTable | undefined> {
  return (await subscriberGetTableList(subscriber, name)).find((candidate) => candidate.name === table);
}
