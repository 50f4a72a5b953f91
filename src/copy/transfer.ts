import { listed } from '../db/identifiers.js';
import { inTransaction } from '../db/transaction.js';
import { tap } from '../kernel/tap.js';
import { landCopy, storeCopy, type Copying } from '../londiste/copy-state.js';
import { holdEvents } from '../londiste/provider.js';
import { missingDefinitions, takeOffIndexes, type Definition } from '../londiste/stored-definition.js';
import { setTableState } from '../londiste/table-state.js';
import type { TableFile } from '../table/ranges.js';
import { Superseded } from '../table/superseded.js';
import { sourceOf } from './columns.js';
import { buildAtOnce, rebuild } from './definitions.js';
import { formatOf, requireTypes } from './format.js';
import { paceOf } from './pace-of.js';
import { makeRoom } from './rows-here.js';
import { planOf, takeReading, type Reading } from './reading.js';
import { betweenGroups, copyGroup, prepareToGoOn, type Landed } from './split.js';
import type { Workbench } from './workbench.js';

/**
 * Brings the rows of a table that is `copying`. One that is no larger than a range is read under one snapshot of the provider and
 * put in place of the rows on the subscriber, in one transaction there with the record of it; a larger one comes in ranges. False
 * when the table is not this copy's any more.
 */
export async function transferTable(
  bench: Workbench,
  table: string,
  { isNew, keepsRows }: { isNew: boolean; keepsRows: boolean },
): Promise<boolean> {
  const copying = { name: bench.name, table, fence: bench.fence };
  try {
    // It is what the rows here are replaced by.
    if (keepsRows) await rebuild(bench, table, ({ isKey }) => isKey);
    let done: Landed = isNew ? 'nothing' : await prepareToGoOn(bench, copying);
    while (done !== 'whole' && done !== 'ranges') {
      if (done === 'group') await betweenGroups(bench, table);
      done = await underSnapshot(bench, copying);
      if (done === 'paused') {
        bench.log.info({ table }, `table ${table}: the copy is paused`);
        return false;
      }
    }
    if (done === 'ranges' && !(await landCopy(bench.subscriber, copying))) throw new Superseded();
    return true;
  } catch (error) {
    if (!(error instanceof Superseded)) throw error;
    bench.log.info({ table }, `table ${table}: the copy is given up, its state was changed meanwhile`);
    return false;
  }
}

async function underSnapshot(bench: Workbench, copying: Copying): Promise<Landed> {
  const { provider, name, feed, settings } = bench;
  const holdTick = await holdEvents(provider, name);
  return inTransaction(
    feed,
    async () => {
      const reading = await takeReading(bench, copying.table);
      const { destFiles, keepsRows } = reading.stored;
      // What has begun in ranges goes on in ranges. Rows that stay may have unique values that others have by now.
      const isSmall = bytesOf(reading.files) <= settings.rangeBytes && destFiles === undefined && !keepsRows;
      if (!isSmall) return copyGroup(bench, copying, { reading, holdTick });
      await transferWhole(bench, copying, { reading, holdTick });
      return 'whole';
    },
    { isolation: 'repeatable read', readOnly: true },
  );
}

async function transferWhole(
  bench: Workbench,
  copying: Copying,
  { reading, holdTick }: { reading: Reading; holdTick: number },
): Promise<void> {
  const { feed, subscriber, name, fence } = bench;
  const { table } = copying;
  const { registered, there, columns, stored, snapshot } = reading;
  const into = stored.landing.table;
  const format = formatOf(columns);
  const pace = paceOf(bench, stored);
  await pace.yieldToReplay();
  await inTransaction(subscriber, async () => {
    await makeRoom(subscriber, reading);
    const taken = await takeOff(bench, reading);
    const rows = await subscriber.copyIn(
      `copy ${into} (${listed(columns.map(({ to }) => to))}) from stdin${format}`,
      pace.through(feed.copyOut(`copy ${sourceOf(registered, there, columns)} to stdout${format}`)),
    );
    await requireTypes(subscriber, reading);
    if (taken.length > 0) await tap('copy.indexes-off');
    await buildAtOnce(subscriber, taken);
    // Nothing of an earlier copy is to be built again: then the table needs no more than this transaction.
    const isComplete = (await missingDefinitions(subscriber, name, table)).length === 0;
    if (isComplete) await subscriber.execute(`analyze ${into}`);
    await tap('copy.rows-landed-not-committed');
    // From here on replay waits: these lock the position.
    if (!(await storeCopy(subscriber, copying, planOf(reading, { holdTick, ranges: [] }))))
      throw new Superseded();
    if (!(await landCopy(subscriber, copying, rows))) throw new Superseded();
    const mark = { tickId: holdTick, snapshot };
    if (isComplete) await setTableState(subscriber, name, { table, event: 'built', fence, mark });
  });
}

/** Below so many bytes it would save no more than a tenth of a second; docs/benchmarks.md has the figures. */
const indexesStayBytes = 2 * 1024 * 1024;

/**
 * Takes off, until the transaction ends, what slows down the rows that come into an emptied table, where it pays. Where foreign
 * keys reference the table its old rows were deleted beside its readers, who would have to wait then.
 */
async function takeOff(
  { subscriber, settings }: Workbench,
  { files, here, stored }: Reading,
): Promise<Definition[]> {
  const pays = bytesOf(files) > Math.min(indexesStayBytes, settings.rangeBytes / 8);
  return pays && !here.is_referenced ? takeOffIndexes(subscriber, stored.landing.table) : [];
}

function bytesOf(files: readonly TableFile[]): number {
  return files.reduce((sum, { bytes }) => sum + bytes, 0);
}
