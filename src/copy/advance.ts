import { asLondisteError, LondisteError } from '../kernel/errors.js';
import { tap } from '../kernel/tap.js';
import { holdEvents } from '../londiste/provider.js';
import { findTable, setTableState, type SubscribedTable, type TableMark } from '../londiste/table-state.js';
import { forceTick } from '../pgq/ticker.js';
import { lastTick } from '../pgq/tick.js';
import { Snapshot } from '../table/snapshot.js';
import { transferTable } from './transfer.js';
import type { Workbench } from './workbench.js';

/**
 * Brings a table from wherever it is to `ready`. What it throws has a `table` where that table is to blame, and none
 * where something else failed on the way.
 */
export async function advance(bench: Workbench, table: SubscribedTable): Promise<void> {
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
  return await blaming(table, () => transferTable(bench, { table, holdTick }));
}

/** building → catching-up, standing at the snapshot of the copy. */
async function build({ subscriber, name, fence }: Workbench, table: string): Promise<void> {
  const here = await findTable(subscriber, name, table);
  if (here?.state !== 'building') return;
  await blaming(table, () => subscriber.execute(`analyze ${here.destination.table}`));
  await setTableState(subscriber, name, { table, event: 'built', fence, mark: markOfCopy(here) });
  await tap('copy.landed');
}

/** Where a table stands whose rows have landed. */
export function markOfCopy({ name, tickId, copySnapshot: snapshot }: SubscribedTable): TableMark {
  if (snapshot !== undefined && tickId !== undefined) return { tickId, snapshot };
  throw new LondisteError('bug', `table ${name}: no snapshot is stored for its copy`);
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
    const here = await findTable(subscriber, name, table);
    if (here?.state !== 'catching-up' || here.snapshot === undefined || here.tickId === undefined) return;
    const head = await lastTick(provider, name.queue);
    const began = Date.now();
    if (head !== undefined && !here.snapshot.contains(Snapshot.parse(head.snapshot))) {
      if (!(await blaming(table, () => bench.catchUp(table, head)))) return;
      await tap('copy.caught-up');
      if (Date.now() - began > shortRoundMs) continue;
    }
    const stands = await findTable(subscriber, name, table);
    if (stands?.snapshot === undefined || stands.tickId === undefined) return;
    const mark = { tickId: stands.tickId, snapshot: stands.snapshot.text };
    if (await setTableState(subscriber, name, { table, event: 'caught-up', fence, mark })) {
      log.info({ table }, `table ${table}: ready, replay takes it over with the next tick`);
      await forceTick(provider, name.queue);
    }
    return;
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
