import { quoteIdent } from '../db/identifiers.js';
import { inTransaction } from '../db/transaction.js';
import { LondisteError } from '../kernel/errors.js';
import { tap } from '../kernel/tap.js';
import { providerGetTableList, type ProviderTable } from '../londiste/provider.js';
import { namesHere } from '../londiste/column-list.js';
import { sameName, type Destination } from '../londiste/destination.js';
import { describeTable, emptyTable, type Column, type TableShape } from '../londiste/table-shape.js';
import { findTable, landCopy, storeCopy } from '../londiste/table-state.js';
import { Superseded } from '../table/superseded.js';
import type { Workbench } from './workbench.js';

/**
 * Reads all rows of a table under one snapshot of the provider and puts them in place of those on the subscriber, in
 * one transaction there with the record of it. False when the table is not this copy's any more.
 */
export async function transferTable(
  bench: Workbench,
  { table, holdTick }: { table: string; holdTick: number },
): Promise<boolean> {
  const { feed, log } = bench;
  try {
    await inTransaction(feed, () => transferUnderSnapshot(bench, { table, holdTick }), {
      isolation: 'repeatable read',
      readOnly: true,
    });
    return true;
  } catch (error) {
    if (!(error instanceof Superseded)) throw error;
    log.info({ table }, `table ${table}: the copy is given up, its state was changed meanwhile`);
    return false;
  }
}

async function transferUnderSnapshot(
  bench: Workbench,
  { table, holdTick }: { table: string; holdTick: number },
): Promise<void> {
  const { feed, subscriber, provider, name, fence } = bench;
  // In this order: a snapshot that is older than the lock could meet a table that was rewritten in between, and reads
  // no rows of it without an error.
  await feed.execute(`lock table ${table} in access share mode`);
  const { snapshot, filenode } = await feed.one<{ snapshot: string; filenode: number }>(
    `select pg_current_snapshot()::text as snapshot, coalesce(pg_relation_filenode($1::regclass), 0)::bigint as filenode`,
    [table],
  );
  await tap('copy.snapshot-taken');

  const registered = (await providerGetTableList(provider, name.queue)).find(
    (candidate) => candidate.name === table,
  );
  if (!registered) {
    throw new LondisteError(
      'not-in-set',
      `table ${table} is not in the set of queue ${name.queue} any more`,
      {
        hint: `londiste … provider add ${table}, or subscriber remove ${table}`,
      },
    );
  }
  // Looked up only now: whatever else is asked of the table from here on is noticed when its copy is stored.
  const { destination } = (await findTable(subscriber, name, table)) ?? { destination: sameName(table) };
  const there = await describe(feed, table, 'provider');
  const here = await describe(subscriber, destination.table, 'subscriber');
  const columns = columnsToCopy(destination, there, here);

  const plan = { table, fence, holdTick, snapshot, filenode, layoutId: registered.layoutId };
  if (!(await storeCopy(subscriber, name, plan))) throw new Superseded();

  await inTransaction(subscriber, async () => {
    await subscriber.execute(emptyTable(destination.table, here));
    const rows = await subscriber.copyIn(
      `copy ${destination.table} (${listed(columns.map(({ to }) => to))}) from stdin`,
      feed.copyOut(`copy ${source(registered, there, columns)} to stdout`),
    );
    await tap('copy.rows-landed-not-committed');
    if (!(await landCopy(subscriber, name, { table, fence, rows }))) throw new Superseded();
  });
}

async function describe(session: Workbench['feed'], table: string, side: string): Promise<TableShape> {
  const shape = await describeTable(session, table);
  if (shape) return shape;
  throw new LondisteError('schema', `table ${table} does not exist on the ${side}`);
}

/** A column that is copied: what it is on the provider, and its name on the subscriber. */
interface Copied {
  readonly from: Column;
  readonly to: string;
}

/**
 * COPY takes generated columns, partitions, and some of the rows only from a query; where it is none of these, the table
 * itself is quicker.
 */
function source(
  { name, rowFilter }: ProviderTable,
  { relkind }: TableShape,
  columns: readonly Copied[],
): string {
  const names = listed(columns.map(({ from }) => from.name));
  if (relkind !== 'p' && rowFilter === undefined && !columns.some(({ from }) => from.generated))
    return `${name} (${names})`;
  const where = rowFilter === undefined ? '' : ` where ${rowFilter}`;
  return `(select ${names} from ${relkind === 'p' ? '' : 'only '}${name}${where})`;
}

function listed(columns: readonly string[]): string {
  return columns.map(quoteIdent).join(', ');
}

/** Every column of the provider that is carried, but for those that both sides generate; the subscriber must have each. */
function columnsToCopy(destination: Destination, there: TableShape, here: TableShape): Copied[] {
  const { table } = destination;
  const names = namesHere(
    there.columns.map(({ name }) => name),
    destination,
  );
  const isGenerated = new Map(here.columns.map(({ name, generated }) => [name, generated]));
  const copied = there.columns.flatMap((from, n) => {
    const to = names[n];
    return to === undefined || (from.generated && isGenerated.get(to) === true) ? [] : [{ from, to }];
  });
  const missing = copied.filter(({ to }) => isGenerated.get(to) !== false);
  if (missing.length > 0) {
    throw new LondisteError(
      'schema',
      `table ${table} has no column ${missing.map(({ to }) => to).join(', ')} on the subscriber`,
      {
        hint: `add it there: ALTER TABLE ${table} ADD COLUMN …`,
      },
    );
  }
  // Nothing could name their rows, neither COPY nor INSERT.
  if (copied.length === 0)
    throw new LondisteError('schema', `table ${table} has no columns that hold data of their own`);
  return copied;
}
