import { asLondisteError, LondisteError } from '../kernel/errors.js';
import { tap } from '../kernel/tap.js';
import { startCopy } from '../londiste/copy-state.js';
import {
  findTable,
  isExact,
  setTableState,
  type SubscribedTable,
  type TableMark,
} from '../londiste/table-state.js';
import { lastTick } from '../pgq/tick.js';
import { forceTick, tickerOf } from '../pgq/ticker.js';
import { Snapshot } from '../table/snapshot.js';
import { rebuild } from './definitions.js';
import { transferTable } from './transfer.js';
import type { Workbench } from './workbench.js';

/**
 * Brings a table from wherever it is to `ready`; false when it is not there, because somebody else has moved it. What it throws
 * has a `table` where that table is to blame, and none where something else failed on the way.
 */
export async function advance(bench: Workbench, table: SubscribedTable): Promise<boolean> {
  const { name } = table;
  if (table.state === 'wanted' || table.state === 'copying') {
    if (!(await copy(bench, table))) return false;
    await tap('copy.landed');
    bench.log.info({ table: name }, `table ${name}: rows copied`);
  }
  await build(bench, name);
  return await catchUpToHead(bench, name);
}

/** wanted → copying → building. The provider keeps every event from before the snapshot is taken. */
async function copy(bench: Workbench, { name: table, state, keepsRows }: SubscribedTable): Promise<boolean> {
  const { subscriber, name, fence, log } = bench;
  if (!(await startCopy(subscriber, { name, table, fence }))) return false;
  log.info({ table }, `table ${table}: copying`);
  return await blaming(table, () => transferTable(bench, table, { isNew: state === 'wanted', keepsRows }));
}

/** building → catching-up, standing at the snapshot of the copy. */
async function build(bench: Workbench, table: string): Promise<void> {
  const { subscriber, name, fence } = bench;
  const here = await findTable(subscriber, name, table);
  if (here?.state !== 'building' || here.isPaused) return;
  await blaming(table, async () => {
    await buildWhatHolds(bench, here);
    await subscriber.execute(`analyze ${here.landing.table}`);
  });
  await setTableState(subscriber, name, { table, event: 'built', fence, mark: markOfCopy(here) });
}

/**
 * While the rows are a mixture of several snapshots only what any rows fit; the key does, which rows came by. Changes find
 * their rows by it, so that it comes before them.
 */
async function buildWhatHolds(bench: Workbench, here: SubscribedTable): Promise<void> {
  const isWhole = isExact({ ...here, snapshot: Snapshot.parse(markOfCopy(here).snapshot) });
  await rebuild(bench, here.name, ({ isKey, isConstraining }) => isWhole || isKey || !isConstraining);
}

/** Where a table stands whose rows have landed. */
export function markOfCopy({ name, tickId, snapshot, copySnapshot }: SubscribedTable): TableMark {
  const stands = snapshot?.text ?? copySnapshot;
  if (stands !== undefined && tickId !== undefined) return { tickId, snapshot: stands };
  throw new LondisteError('bug', `table ${name}: no snapshot is stored for its copy`);
}

/** A round of catching up that was shorter than this ends it, in milliseconds: replay makes up for so much in one batch. */
const shortRoundMs = 1_000;

/**
 * catching-up → ready: rounds up to the provider's last tick, each shorter than the one before, until the table is at
 * the head and all is built.
 */
async function catchUpToHead(bench: Workbench, table: string): Promise<boolean> {
  const { subscriber, provider, name, fence, log } = bench;
  for (;;) {
    const here = await findTable(subscriber, name, table);
    if (here?.state !== 'catching-up' || here.isPaused) return false;
    if (here.snapshot === undefined || here.tickId === undefined) return false;
    const began = Date.now();
    // What is missing after an error, or until the rows were no mixture any more.
    await blaming(table, () => buildWhatHolds(bench, here));
    const head = await headFor(here);
    if (head === 'none-yet') return false;
    let stands: SubscribedTable | undefined = here;
    if (head !== undefined && !here.snapshot.contains(Snapshot.parse(head.snapshot))) {
      if (!(await blaming(table, () => bench.catchUp(table, head)))) return false;
      await tap('copy.caught-up');
      if (!isExact(here) || Date.now() - began > shortRoundMs) continue;
      stands = await findTable(subscriber, name, table);
    }
    if (stands?.snapshot === undefined || stands.tickId === undefined) return false;
    const mark = { tickId: stands.tickId, snapshot: stands.snapshot.text };
    if (!(await setTableState(subscriber, name, { table, event: 'caught-up', fence, mark }))) return false;
    log.info({ table }, `table ${table}: ready, replay takes it over with the next tick`);
    return true;
  }

  /** The provider's last tick; for a mixture one that contains all of its snapshots, made where there is none. */
  async function headFor(here: SubscribedTable): Promise<Awaited<ReturnType<typeof lastTick>> | 'none-yet'> {
    const head = await lastTick(provider, name.queue);
    if (isExact(here)) return head;
    const contains = (tick: typeof head): boolean =>
      tick !== undefined && isExact({ ...here, snapshot: Snapshot.parse(tick.snapshot) });
    if (contains(head)) return head;
    await forceTick(provider, name.queue);
    await tickerOf(provider, name.queue);
    const next = await lastTick(provider, name.queue);
    return contains(next) ? next : 'none-yet';
  }
}

/** Whatever fails in `work` is the table's own failure. */
async function blaming<T>(table: string, work: () => Promise<T>): Promise<T> {
  try {
    return await work();
  } catch (thrown) {
    throw asLondisteError(thrown).of(table);
  }
}
