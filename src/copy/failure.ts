import type { LondisteError } from '../kernel/errors.js';
import { asLondisteError } from '../kernel/errors.js';
import { explain } from '../kernel/service.js';
import { altersFor } from '../londiste/drift.js';
import { asShadowFault } from '../londiste/shadow.js';
import { isEventsGone } from '../londiste/provider.js';
import {
  findTable,
  parkTable,
  setTableError,
  type SubscribedTable,
  type TableMark,
} from '../londiste/table-state.js';
import { owners } from '../table/state.js';
import { markOfCopy } from './advance.js';
import type { Workbench } from './workbench.js';

/**
 * Keeps what failed with the table, where `subscriber tables` shows it: parks the table when nothing but an operator can
 * mend it, or leaves it in its state to be tried again. A failure that costs the connection is nobody's fault; one that
 * costs the connection to the subscriber is told in the log alone.
 *
 * @throws LondisteError when this process has been replaced.
 */
export async function keepFailure(
  bench: Workbench,
  table: string,
  thrown: unknown,
): Promise<'parked' | 'retry'> {
  const { subscriber, name, log } = bench;
  const error = asLondisteError(thrown);
  const told = error.of(table);
  if (error.kind === 'fenced') throw told;
  // What fails because the other end is gone says so in many ways. Dropped by us, as one is whose events cannot be
  // read on, is not gone.
  const isConnected = !bench.lost && !subscriber.closed;
  // The next pass finds events that are gone, and has the table copied.
  const isMine = error.tableReaction === 'park' && !isEventsGone(error);
  if (isConnected && isMine) {
    const here = await findTable(subscriber, name, table);
    // What a copy meets once an operator has asked for another one, as that the table that it wrote to is gone, is not that one's fault.
    if (here === undefined || here.state === 'wanted') {
      log.info({ table }, `table ${table}: the copy is given up, its state was changed meanwhile`);
      return 'retry';
    }
    if (await park(bench, here, told)) {
      log.error({ ...explain(told), table }, `${told.message}; the table is parked`);
      return 'parked';
    }
  }
  log.error({ ...explain(told), table }, told.message);
  if (!subscriber.closed) await setTableError(subscriber, name, table, told);
  return 'retry';
}

/** False when the table is not the copier's any more. */
async function park(
  { provider, subscriber, name, fence }: Workbench,
  here: SubscribedTable,
  error: LondisteError,
): Promise<boolean> {
  if (owners[here.state] !== 'copier') return false;
  // One that catches up has its own position; a copy that has not landed leaves none.
  const mark: TableMark | undefined = here.state === 'building' ? markOfCopy(here) : undefined;
  const alters = await altersFor({ provider, subscriber }, here, error);
  return await parkTable(subscriber, name, {
    table: here.name,
    fence,
    mark,
    error: asShadowFault(here, error),
    alters,
  });
}
