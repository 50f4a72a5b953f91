import type { Session } from '../db/session.js';
import { inTransaction } from '../db/transaction.js';
import { LondisteError } from '../kernel/errors.js';
import { setCopyOptions, type CopyOptions, type CopyPace } from '../londiste/copy-state.js';
import { meantOrAll } from '../londiste/name.js';
import { readPosition } from '../londiste/position.js';
import { findProviderTable, holdEvents, isEventsGone } from '../londiste/provider.js';
import { missingDefinitions } from '../londiste/stored-definition.js';
import {
  expectSync,
  findTable,
  subscriberResyncTable,
  type SubscribedTable,
  type TableMark,
} from '../londiste/table-state.js';
import { checkCondition } from './condition.js';
import { requireBoth, type Ends } from './ends.js';
import { notInSet } from './provider.js';
import { notAdded } from './refusal.js';
import { requireTicker } from './require-ticker.js';
import { listedTables } from './subscriber-tables.js';

/** How tables come to be equal again; at most one of the first four. */
export interface ResyncOptions extends CopyPace {
  /** Without a copy: an operator knows that the rows are equal. */
  readonly expectSync?: boolean | undefined;
  /** Rows that are here stay, but for those of the same keys. */
  readonly skipTruncate?: boolean | undefined;
  /** Readers keep the old rows until one transaction makes the table equal to the new ones. */
  readonly shadow?: boolean | undefined;
  /** A condition: rows outside of it are let alone. */
  readonly where?: string | undefined;
}

/**
 * Asks for new copies of tables, all or none of them, whatever states they are in; without names of all tables. Returns them.
 *
 * @throws LondisteError `refused` or `usage` when one of them cannot be copied like that; nothing is changed then.
 */
export async function resyncTables(
  ends: Ends,
  typed: readonly string[],
  options: ResyncOptions = {},
): Promise<string[]> {
  const { name, provider, subscriber } = ends;
  const { maxRate, pauseLagMs } = options;
  refuseTogether(options);
  await requireBoth(ends);
  const names = await meantOrAll(subscriber, typed, () => listedTables(ends));
  const conditions = await conditionsFor(ends, names, options);
  await requireTicker(provider, name.queue);
  await inTransaction(subscriber, async () => {
    await subscriber.query('select from londiste.lock_position($1, $2)', [name.queue, name.consumer]);
    for (const table of names) {
      const before = await findTable(subscriber, name, table);
      if (!before) throw notAdded('table', table);
      if (options.expectSync === true) {
        await expectSync(subscriber, name, table);
        continue;
      }
      const how = await copyOptions(ends, before, { options, where: conditions.get(table) });
      await subscriberResyncTable(subscriber, name, table);
      await setCopyOptions(subscriber, name, table, { ...how, maxRate, pauseLagMs });
    }
  });
  return names;
}

function refuseTogether({ expectSync: expects, skipTruncate, shadow, where }: ResyncOptions): void {
  const given = [
    ...(expects === true ? ['--expect-sync'] : []),
    ...(skipTruncate === true ? ['--skip-truncate'] : []),
    ...(shadow === true ? ['--shadow'] : []),
    ...(where === undefined ? [] : ['--where']),
  ];
  if (given.length < 2) return;
  throw new LondisteError('usage', `${given.join(' and ')} do not go together`, { hint: 'give one of them' });
}

/** The condition as it is kept, for each table. */
async function conditionsFor(
  ends: Ends,
  names: readonly string[],
  { where }: ResyncOptions,
): Promise<Map<string, string>> {
  const conditions = new Map<string, string>();
  if (where === undefined) return conditions;
  for (const name of names) {
    const table = await findTable(ends.subscriber, ends.name, name);
    if (!table) throw notAdded('table', name);
    conditions.set(name, await checkCondition(ends, table, where));
  }
  return conditions;
}

async function copyOptions(
  ends: Ends,
  table: SubscribedTable,
  { options, where }: { options: ResyncOptions; where: string | undefined },
): Promise<CopyOptions> {
  const { skipTruncate, shadow } = options;
  if (skipTruncate !== true && shadow !== true && where === undefined) return { mode: 'replace' };
  const registered = await findProviderTable(ends.provider, ends.name.queue, table.name);
  if (!registered) throw notInSet('table', table.name, ends.name.queue, []);
  if (registered.keyColumns.length === 0) {
    throw new LondisteError(
      'refused',
      `table ${table.name} has no key by which its rows could be told from those that are to stay`,
      { hint: copyAll(table) },
    );
  }
  if (shadow === true) {
    await refuseIncomplete(ends, table);
    return { mode: 'shadow' };
  }
  const position = await heldPosition(ends, table);
  if (where === undefined) return { mode: 'keep', position: 'refusal' in position ? undefined : position };
  if ('refusal' in position) throw new LondisteError('refused', position.refusal, { hint: copyAll(table) });
  return { mode: 'keep', where, position };
}

/** Rows that are searched for without the indexes that an earlier copy has dropped are none that readers want to keep. */
async function refuseIncomplete({ name, subscriber }: Ends, table: SubscribedTable): Promise<void> {
  const missing = await missingDefinitions(subscriber, name, table.name);
  const lacking = missing.filter(({ isThere }) => !isThere).map((one) => `${one.kind} ${one.name}`);
  if (lacking.length === 0) return;
  throw new LondisteError(
    'refused',
    `table ${table.name}: its copy has dropped ${lacking.join(', ')} and not built it again, so that it has no old rows to keep`,
    { hint: copyAll(table) },
  );
}

/** Where the rows stand that stay, from where on the provider keeps the events; or what is in the way. */
async function heldPosition(
  { name, provider, subscriber }: Ends,
  table: SubscribedTable,
): Promise<TableMark | { readonly refusal: string }> {
  const position = await standsAt(subscriber, { name }, table);
  if (position === undefined)
    return {
      refusal: `table ${table.name} is ${table.state}: with --where it must be ok, or parked at a position`,
    };
  try {
    await holdEvents(provider, name, position.tickId);
    return position;
  } catch (error) {
    if (!isEventsGone(error)) throw error;
    return {
      refusal: `table ${table.name}: the provider does not have the events since tick ${position.tickId} any more, which the rows outside of --where need`,
    };
  }
}

async function standsAt(
  subscriber: Session,
  { name }: Pick<Ends, 'name'>,
  { state, snapshot, tickId }: SubscribedTable,
): Promise<TableMark | undefined> {
  if (state === 'ok') return (await readPosition(subscriber, name))?.tick;
  if (state !== 'parked' || snapshot === undefined || tickId === undefined) return undefined;
  return { tickId, snapshot: snapshot.text };
}

function copyAll({ name }: SubscribedTable): string {
  return `to copy all of it: londiste CONFIG subscriber resync ${name}`;
}
