import type { Session } from '../db/session.js';
import { LondisteError } from '../kernel/errors.js';
import { copyStep, type Copying } from './copy-state.js';
import type { Column, TableShape } from './table-shape.js';
import type { SubscribedTable } from './table-state.js';

/**
 * Makes the table's shadow anew, empty: some columns of the table that it is for, and their key. False when the table is not this copy's
 * any more; the caller rolls back then.
 */
export function createShadow(
  session: Session,
  copying: Copying,
  { columns, key }: { columns: readonly string[]; key: readonly string[] },
): Promise<boolean> {
  return copyStep(session, copying, 'create_shadow', [columns, key]);
}

/** Drops shadows that no table needs any more. True when some are left, which somebody had locked. */
export async function sweepShadows(session: Session): Promise<boolean> {
  return (await session.one<{ left: boolean }>('select londiste.sweep_shadows() as left')).left;
}

/**
 * The shadow's columns as the table itself has them now.
 *
 * @throws LondisteError `schema` when the table does not have them any more as they were when its shadow was made.
 */
export function columnsOfBoth(
  table: SubscribedTable,
  { real, shadow }: { real: TableShape | undefined; shadow: TableShape | undefined },
): Column[] {
  const columns = shadow?.columns.map(({ name, type }) =>
    real?.columns.find((column) => column.name === name && column.type === type),
  );
  const found = columns?.filter((column) => column !== undefined) ?? [];
  if (found.length > 0 && found.length === columns?.length) return found;
  throw outdated(table);
}

/** Of an error that has its reason in how a table looks: what was read into its shadow does not fit any more. */
export function asShadowFault(table: SubscribedTable | undefined, error: LondisteError): LondisteError {
  if (table?.isShadowed !== true || error.kind !== 'schema' || error.needsCopy) return error;
  return outdated(table, error);
}

function outdated({ name, destination }: SubscribedTable, error?: LondisteError): LondisteError {
  const said = error === undefined ? '' : `: ${error.message}`;
  return new LondisteError(
    'schema',
    `table ${name}: ${destination.table} is not what it was when its shadow was begun${said}`,
    {
      needsCopy: true,
      cause: error,
      hint: `make ${destination.table} fit the provider's table (londiste CONFIG subscriber check), then: londiste CONFIG subscriber resync ${name} --shadow`,
    },
  ).of(name);
}
