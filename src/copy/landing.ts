import { listed } from '../db/identifiers.js';
import { inTransaction } from '../db/transaction.js';
import { tap } from '../kernel/tap.js';
import { isPaused, landRange, type Copying, type StoredRange } from '../londiste/copy-state.js';
import { Superseded } from '../table/superseded.js';
import { sourceOfRange } from './columns.js';
import { formatOf, requireTypes } from './format.js';
import type { Pace } from './pace.js';
import { replaceRows } from './rows-here.js';
import type { Reading } from './reading.js';
import { together } from './together.js';
import type { Lane, Workbench } from './workbench.js';

/** Some ranges of a table, all read under the reading's snapshot. */
interface Group {
  readonly reading: Reading;
  readonly ranges: readonly StoredRange[];
  readonly lanes: readonly Lane[];
  readonly pace: Pace;
  /** Whether no row is there yet but of this snapshot. */
  readonly isFirst: boolean;
}

/**
 * Brings ranges over all lanes, each in a transaction of its own on the subscriber. False when an operator has put the copy off
 * before all of them were here.
 */
export async function landRanges(
  bench: Workbench,
  copying: Copying,
  { reading, ranges, lanes, pace, isFirst }: Group,
): Promise<boolean> {
  const { feed } = bench;
  const left = [...ranges];
  const land = async (lane: Lane): Promise<void> => {
    while (left.length > 0 && !(await isPaused(lane.subscriber, copying))) {
      await pace.yieldToReplay();
      const range = left.shift();
      if (!range) continue;
      await landOne(lane, copying, { reading, range, pace, isFirst });
      bench.landed += 1;
    }
  };
  const used = lanes.slice(0, ranges.length);
  const shared =
    used.length > 1 ? (await feed.one<{ id: string }>('select pg_export_snapshot() as id')).id : undefined;
  await together(
    used.map(
      (lane) => () => (lane.feed === feed ? land(lane) : underShared(lane, { shared, reading }, land)),
    ),
    // The others give up too: a COPY whose source ends has not landed.
    () => {
      left.length = 0;
      for (const lane of used) lane.feed.destroy();
    },
  );
  return left.length === 0;
}

async function underShared(
  lane: Lane,
  { shared, reading }: { shared: string | undefined; reading: Reading },
  land: (lane: Lane) => Promise<void>,
): Promise<void> {
  await inTransaction(
    lane.feed,
    async () => {
      await lane.feed.execute(`set transaction snapshot '${shared ?? ''}'`);
      // The session that shares the snapshot holds the table's lock for us only as long as it lives.
      await lane.feed.execute(`lock table ${reading.table} in access share mode`);
      await land(lane);
    },
    { isolation: 'repeatable read', readOnly: true },
  );
}

async function landOne(
  { feed, subscriber }: Lane,
  copying: Copying,
  { reading, range, pace, isFirst }: { reading: Reading; range: StoredRange; pace: Pace; isFirst: boolean },
): Promise<void> {
  const { registered, columns, stored, snapshot } = reading;
  const into = stored.landing.table;
  const names = listed(columns.map(({ to }) => to));
  const format = formatOf(columns);
  const rowsOf = (target: string): Promise<number> =>
    subscriber.copyIn(
      `copy ${target} (${names}) from stdin${format}`,
      pace.through(feed.copyOut(`copy ${sourceOfRange(registered, range, columns)} to stdout${format}`)),
    );
  await inTransaction(subscriber, async () => {
    const rows = isFirst ? await rowsOf(into) : await replaceRows(subscriber, reading, rowsOf);
    await requireTypes(subscriber, reading);
    await tap('copy.range-landed-not-committed');
    if (!(await landRange(subscriber, copying, { nr: range.nr, snapshot, rows }))) throw new Superseded();
  });
  await tap('copy.range-landed');
}
