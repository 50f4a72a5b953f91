import { inTransaction } from '../db/transaction.js';
import {
  clearTarget,
  continueCopy,
  copyRanges,
  storeCopy,
  type Copying,
  type StoredRange,
} from '../londiste/copy-state.js';
import { tableFiles } from '../londiste/table-files.js';
import { findTable } from '../londiste/table-state.js';
import { lastTick } from '../pgq/tick.js';
import { areSameFiles, splitIntoRanges } from '../table/ranges.js';
import { Snapshot } from '../table/snapshot.js';
import { Superseded } from '../table/superseded.js';
import { rebuild } from './definitions.js';
import { landRanges } from './landing.js';
import { planOf, type Reading } from './reading.js';
import { paceOf } from './pace-of.js';
import { makeRoom } from './rows-here.js';
import type { Workbench } from './workbench.js';

/** What has landed: nothing yet, some ranges of a table, all of them, or a table as a whole; or the copy is put off. */
export type Landed = 'nothing' | 'group' | 'ranges' | 'whole' | 'paused';

/**
 * Looks at what an earlier try has left of a copy in ranges. The rest of it comes under another snapshot, and so its rows are put
 * in place of those that are there by their key, whose index comes first.
 */
export async function prepareToGoOn(bench: Workbench, { name, table }: Copying): Promise<Landed> {
  const { subscriber } = bench;
  if ((await findTable(subscriber, name, table))?.destFiles === undefined) return 'nothing';
  const ranges = await copyRanges(subscriber, name, table);
  if (ranges.length > 0 && ranges.every(({ isDone }) => isDone)) return 'ranges';
  if (ranges.some(({ isDone }) => isDone)) await rebuild(bench, table, ({ isKey }) => isKey);
  return 'nothing';
}

/** Copies ranges that have not landed, in the feed's transaction: all of them, or one a lane where each has its own snapshot. */
export async function copyGroup(
  bench: Workbench,
  copying: Copying,
  { reading, holdTick }: { reading: Reading; holdTick: number },
): Promise<Landed> {
  const { subscriber, name, settings, log } = bench;
  const { table, snapshot } = reading;
  const known = await copyRanges(subscriber, name, table);
  const goesOn = await canGoOn(bench, reading, known);
  if (goesOn && !(await continueCopy(subscriber, copying, snapshot))) throw new Superseded();
  // Rows without a key could not be told from those that are there.
  const { keepsRows, isShadowed } = reading.stored;
  const byGroups = settings.snapshots === 'range' && reading.key !== undefined;
  // A shadow has nothing but its key, which the table is found by in the end.
  const isByKey = byGroups || keepsRows || isShadowed;
  const ranges = goesOn ? known : await begin(bench, copying, { reading, holdTick, keepKey: isByKey });
  const wanted = ranges.filter(({ isDone }) => !isDone);
  const lanes = await bench.lanes();
  const group = byGroups ? wanted.slice(0, lanes.length) : wanted;
  log.info(
    { table, ranges: group.length, of: ranges.length, snapshot },
    `table ${table}: ${goesOn ? 'going on with' : 'copying'} ${group.length} of ${ranges.length} ranges`,
  );
  const all = await landRanges(bench, copying, {
    reading,
    ranges: group,
    lanes,
    pace: paceOf(bench, reading.stored),
    isFirst: !goesOn && !keepsRows,
  });
  if (!all) return 'paused';
  return group.length === wanted.length ? 'ranges' : 'group';
}

/**
 * Whether the ranges that have landed can stay, and the others be read under this later snapshot: the events from before the first
 * one on make up for what changed between them, as long as no row came into another block without an event, on either side.
 */
async function canGoOn(
  { subscriber }: Workbench,
  { snapshot, stored, files, digest, key }: Reading,
  ranges: readonly StoredRange[],
): Promise<boolean> {
  const { destFiles, lastCopySnapshot, sourceDigest, landing, snapshot: position } = stored;
  const isBegun = destFiles !== undefined && lastCopySnapshot !== undefined;
  if (!isBegun || !ranges.some(({ isDone }) => isDone)) return false;
  const now = Snapshot.parse(snapshot);
  return (
    key !== undefined &&
    now.contains(Snapshot.parse(lastCopySnapshot)) &&
    (position === undefined || now.contains(position)) &&
    sourceDigest === digest &&
    areSameFiles(ranges, files) &&
    destFiles === shownFiles(await tableFiles(subscriber, landing.table))
  );
}

/** As clear_target writes them. */
function shownFiles(files: readonly { relation: string; filenode: number }[]): string {
  return files.map(({ relation, filenode }) => `${relation} ${filenode}`).join(', ');
}

/** Writes down what will be done, then empties the table and takes its indexes away. */
async function begin(
  { subscriber, settings, log }: Workbench,
  copying: Copying,
  { reading, holdTick, keepKey }: { reading: Reading; holdTick: number; keepKey: boolean },
): Promise<StoredRange[]> {
  const { table, snapshot, files } = reading;
  const ranges = splitIntoRanges(files, settings.rangeBytes);
  if (!(await storeCopy(subscriber, copying, planOf(reading, { holdTick, ranges })))) throw new Superseded();
  const gone = await inTransaction(subscriber, async () => {
    await makeRoom(subscriber, reading);
    const dropped = await clearTarget(subscriber, copying, { snapshot, keepKey });
    if (dropped === undefined) throw new Superseded();
    return dropped;
  });
  if (gone.length > 0)
    log.info({ table, gone }, `table ${table}: ${gone.join(', ')} will be built after the rows`);
  return ranges.map((range, n) => ({ ...range, nr: n + 1, isDone: false }));
}

/**
 * Applies the table's events up to now, so that the provider need not keep them until the last range has landed. The next snapshot
 * is taken later, so that it contains the position: a range that is older than that would undo changes.
 */
export async function betweenGroups({ provider, name, catchUp }: Workbench, table: string): Promise<void> {
  const head = await lastTick(provider, name.queue);
  if (head !== undefined && !(await catchUp(table, head))) throw new Superseded();
}
