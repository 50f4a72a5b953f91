import type { Session } from '../db/session.js';
import { inTransaction } from '../db/transaction.js';
import { LondisteError } from '../kernel/errors.js';
import { namesHere } from '../londiste/column-list.js';
import type { ProviderTable } from '../londiste/provider.js';
import { createShadow } from '../londiste/shadow.js';
import { keyFault } from '../londiste/table-fault.js';
import { describeTable, uniqueOver, type TableShape } from '../londiste/table-shape.js';
import type { SubscribedTable } from '../londiste/table-state.js';
import { Superseded } from '../table/superseded.js';
import { columnsToCopy } from './columns.js';
import type { Workbench } from './workbench.js';

/**
 * The shadow that a table's copy goes to, as it is here: that of an earlier try, as long as it fits both sides, else a new one. It has
 * every column that is carried, those that the subscriber generates among them, so that events find theirs.
 *
 * @throws LondisteError when the table is not fit to be made equal to a shadow, Superseded when it is not this copy's any more.
 */
export async function fittingShadow(
  { subscriber, name, fence }: Pick<Workbench, 'subscriber' | 'name' | 'fence'>,
  { name: table, destination, landing }: SubscribedTable,
  { registered, there }: { registered: ProviderTable; there: TableShape },
): Promise<TableShape> {
  const real = await describeTable(subscriber, destination.table);
  if (!real) throw new LondisteError('schema', `table ${destination.table} does not exist on the subscriber`);
  const key = namesHere(registered.keyColumns, destination).filter((column) => column !== undefined);
  const fault = key.length === 0 ? noKey(table) : keyFault(destination.table, real, key);
  if (fault) throw new LondisteError('schema', fault.what, { hint: fault.fix });
  columnsToCopy(destination, there, real);
  const carried = namesHere(
    there.columns.filter(({ virtual }) => !virtual).map((column) => column.name),
    destination,
  );
  const columns = real.columns.filter((column) => carried.includes(column.name));
  const known = await describeTable(subscriber, landing.table);
  const isFit =
    known !== undefined &&
    uniqueOver(known, key) !== undefined &&
    known.columns.length === columns.length &&
    columns.every(({ name: column, type }, n) => {
      const found = known.columns[n];
      return found?.name === column && found.type === type;
    });
  return isFit ? known : await makeShadow(subscriber);

  async function makeShadow(session: Session): Promise<TableShape> {
    const columnNames = columns.map((column) => column.name);
    await inTransaction(session, async () => {
      if (!(await createShadow(session, { name, table, fence }, { columns: columnNames, key })))
        throw new Superseded();
    });
    const made = await describeTable(session, landing.table);
    if (!made) throw new Superseded();
    return made;
  }
}

function noKey(table: string): { what: string; fix: string } {
  return {
    what: `table ${table} has no key by which its rows could be told from those of its shadow`,
    fix: `to copy it without one: londiste CONFIG subscriber resync ${table}`,
  };
}
