import type { Session } from '../db/session.js';
import { LondisteError } from '../kernel/errors.js';
import { tap } from '../kernel/tap.js';
import { namesHere } from '../londiste/column-list.js';
import type { CopyPlan } from '../londiste/copy-state.js';
import { findProviderTable, type ProviderTable } from '../londiste/provider.js';
import { tableFiles } from '../londiste/table-files.js';
import { describeTable, uniqueOver, type TableShape, type UniqueIndex } from '../londiste/table-shape.js';
import { findTable, type SubscribedTable } from '../londiste/table-state.js';
import type { BlockRange, TableFile } from '../table/ranges.js';
import { Superseded } from '../table/superseded.js';
import { columnsToCopy, type Copied } from './columns.js';
import { fittingShadow } from './shadow.js';
import type { Workbench } from './workbench.js';

/** A table as one snapshot of the provider has it, in the transaction that reads under that snapshot. */
export interface Reading {
  readonly table: string;
  readonly snapshot: string;
  readonly filenode: number;
  /** What it looks like on the provider, in one word. */
  readonly digest: string;
  /** The files that its rows lie in on the provider. */
  readonly files: readonly TableFile[];
  readonly registered: ProviderTable;
  readonly there: TableShape;
  readonly here: TableShape;
  /** What is stored of it. */
  readonly stored: SubscribedTable;
  readonly columns: readonly Copied[];
  /** The subscriber's index by which changes find their rows; undefined where rows have no key. */
  readonly key: UniqueIndex | undefined;
}

/** Takes the snapshot, in the feed's transaction, which has done nothing yet, and looks at the table on both sides. */
export async function takeReading(bench: Workbench, table: string): Promise<Reading> {
  const { feed, subscriber, provider, name } = bench;
  // In this order: a snapshot that is older than the lock could meet a table that was rewritten in between, and reads
  // no rows of it without an error.
  await feed.execute(`lock table ${table} in access share mode`);
  const { snapshot, filenode } = await feed.one<{ snapshot: string; filenode: number }>(
    `select pg_current_snapshot()::text as snapshot, coalesce(pg_relation_filenode($1::regclass), 0)::bigint as filenode`,
    [table],
  );
  await tap('copy.snapshot-taken');

  const registered = await findProviderTable(provider, name.queue, table);
  if (!registered) {
    throw new LondisteError(
      'not-in-set',
      `table ${table} is not in the set of queue ${name.queue} any more`,
      {
        hint: `londiste ... provider add ${table}, or subscriber remove ${table}`,
      },
    );
  }
  // Looked up only now: whatever else is asked of the table from here on is noticed when its copy is stored.
  const stored = await findTable(subscriber, name, table);
  if (!stored) throw new Superseded();
  const { landing, copyWhere } = stored;
  const there = await describe(feed, table, 'provider');
  const here = stored.isShadowed
    ? await fittingShadow(bench, stored, { registered, there })
    : await describe(subscriber, landing.table, 'subscriber');
  await tap('copy.tables-described');
  const columns = columnsToCopy(landing, there, here);
  const keyHere = namesHere(registered.keyColumns, landing).filter((column) => column !== undefined);
  const key = registered.keyColumns.length === 0 ? undefined : uniqueOver(here, keyHere);
  const files = await tableFiles(feed, table);
  // Not in the feed's transaction, whose view of the catalogue may be older than the table.
  const { digest } = await provider.one<{ digest: string }>(
    'select londiste.current_layout($1::regclass) as digest',
    [table],
  );
  const rowFilter = [registered.rowFilter, copyWhere].filter((one) => one !== undefined);
  const source = { ...registered, rowFilter: rowFilter.map((one) => `(${one})`).join(' and ') || undefined };
  return { table, snapshot, filenode, digest, files, registered: source, there, here, stored, columns, key };
}

/** What a copy that begins with this reading writes down. */
export function planOf(
  { snapshot, filenode, registered, digest, key }: Reading,
  { holdTick, ranges }: { holdTick: number; ranges: readonly BlockRange[] },
): CopyPlan {
  return {
    holdTick,
    snapshot,
    filenode,
    layoutId: registered.layoutId,
    sourceDigest: digest,
    keyIndex: key?.name,
    ranges,
  };
}

async function describe(session: Session, table: string, side: string): Promise<TableShape> {
  const shape = await describeTable(session, table);
  if (shape) return shape;
  throw new LondisteError('schema', `table ${table} does not exist on the ${side}`);
}
