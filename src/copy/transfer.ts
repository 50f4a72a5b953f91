import { quoteIdent } from '../db/identifiers.js';
import { inTransaction } from '../db/transaction.js';
import { LondisteError } from '../kernel/errors.js';
import { tap } from '../kernel/tap.js';
import { providerGetTableList } from '../londiste/provider.js';
import { describeTable, emptyTable, type TableShape } from '../londiste/table-shape.js';
import { landCopy, storeCopy } from '../londiste/table-state.js';
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
    `select pg_current_snapshot()::text as snapshot, pg_relation_filenode($1::regclass)::bigint as filenode`,
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
  const there = await describe(feed, table, 'provider');
  const here = await describe(subscriber, table, 'subscriber');
  const columns = columnsToCopy(table, there, here).map(quoteIdent).join(', ');

  const plan = { table, fence, holdTick, snapshot, filenode, layoutId: registered.layoutId };
  if (!(await storeCopy(subscriber, name, plan))) throw new Superseded();

  await inTransaction(subscriber, async () => {
    await subscriber.execute(emptyTable(table, here));
    const rows = await subscriber.copyIn(
      `copy ${table} (${columns}) from stdin`,
      feed.copyOut(`copy ${table} (${columns}) to stdout`),
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

/** Every column of the provider that holds data of its own; the subscriber must have each. */
function columnsToCopy(table: string, there: TableShape, here: TableShape): string[] {
  const columns = there.columns.filter((column) => !column.generated).map((column) => column.name);
  const fitting = new Set(here.columns.filter((column) => !column.generated).map((column) => column.name));
  const missing = columns.filter((column) => !fitting.has(column));
  if (missing.length > 0) {
    throw new LondisteError(
      'schema',
      `table ${table} has no column ${missing.join(', ')} on the subscriber`,
      {
        hint: `add it there: ALTER TABLE ${table} ADD COLUMN …`,
      },
    );
  }
  // Nothing could name their rows, neither COPY nor INSERT.
  if (columns.length === 0)
    throw new LondisteError('schema', `table ${table} has no columns that hold data of their own`);
  return columns;
}
