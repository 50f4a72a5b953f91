import { listed, quoteIdent } from '../db/identifiers.js';
import type { Session } from '../db/session.js';
import { emptyTable, ownRows } from '../londiste/table-shape.js';
import type { Reading } from './reading.js';

/** Takes the rows away that the copy is to bring anew; the others stay. */
export async function makeRoom(subscriber: Session, { here, stored }: Reading): Promise<void> {
  const { landing, keepsRows, copyWhere } = stored;
  if (!keepsRows) await subscriber.execute(emptyTable(landing.table, here));
  else if (copyWhere !== undefined)
    await subscriber.execute(`delete from ${ownRows(landing.table, here)} where ${copyWhere}`);
}

/**
 * Puts rows in place of those with the same keys, in the open transaction: of those that an operator lets stay, that came with
 * other ranges, or by events between them. `fill` writes the rows into the table that it is given and returns their number.
 */
export async function replaceRows(
  subscriber: Session,
  { key, here, stored, columns }: Reading,
  fill: (target: string) => Promise<number>,
): Promise<number> {
  const into = stored.landing.table;
  const names = listed(columns.map(({ to }) => to));
  if (!key) throw new Error(`no key by which rows of ${into} could be replaced`);
  const piece = 'pg_temp.londiste_piece';
  await subscriber.execute(
    `create temporary table londiste_piece on commit drop as select ${names} from ${into} with no data`,
  );
  const rows = await fill(piece);
  const same = key.columns.map((column, n) => {
    const name = quoteIdent(column);
    return `t.${name} ${key.operators[n] ?? '='} p.${name}`;
  });
  await subscriber.execute(
    `delete from ${ownRows(into, here)} t using ${piece} p where ${same.join(' and ')}`,
  );
  await subscriber.execute(
    `insert into ${into} (${names}) overriding system value select ${names} from ${piece}`,
  );
  return rows;
}
