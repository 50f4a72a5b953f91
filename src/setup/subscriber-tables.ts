import { parseName, quoteName } from '../db/identifiers.js';
import type { Session } from '../db/session.js';
import { inTransaction } from '../db/transaction.js';
import { LondisteError } from '../kernel/errors.js';
import { parseColumns, showColumns } from '../londiste/column-list.js';
import { sameName, type Destination } from '../londiste/destination.js';
import { meantOrAll, registeredName } from '../londiste/name.js';
import type { Fault } from '../londiste/table-fault.js';
import { openPosition } from '../londiste/position.js';
import { getNode, providerGetTableList } from '../londiste/provider.js';
import type { SubscriptionName } from '../londiste/subscription-name.js';
import {
  expectSync,
  subscriberAddTable,
  subscriberGetTableList,
  subscriberRemoveTable,
  subscriberRetryTable,
  type SubscribedTable,
} from '../londiste/table-state.js';
import { checkTable } from './check.js';
import { createTable, type Creation } from './create-table.js';
import { definitionFaults } from './dropped-definitions.js';
import { requireBoth, requireSubscriber, type Ends } from './ends.js';
import { notInSet } from './provider.js';
import { alreadyAdded, notAdded, refuseFaults } from './refusal.js';
import { requireTicker } from './require-ticker.js';

/** What one table may be told otherwise than others, as it was typed. */
export interface Otherwise {
  readonly destTable?: string | undefined;
  readonly columns?: string | undefined;
}

/** How tables are put on the list. */
export interface Adding {
  /** Those that are missing here are made. */
  readonly creation?: Creation | undefined;
  /** Without a copy: an operator knows that the rows are equal. */
  readonly expectSync?: boolean | undefined;
}

/** Tables that were put on the list, those of them that had to be made on the subscriber, and what deserves to be known of them. */
export interface Added {
  readonly notes: readonly Fault[];
  readonly added: readonly string[];
  readonly created: readonly string[];
}

/**
 * Puts tables on the list, all or none, after checking everything that would stop their copy; with `creation` those that
 * are missing on the subscriber are made there first.
 */
export async function addSubscriberTables(
  ends: Ends,
  typed: readonly string[],
  { creation, expectSync: expects, ...otherwise }: Otherwise & Adding = {},
): Promise<Added> {
  const { name, provider, subscriber } = ends;
  await requireBoth(ends);
  const set = await providerGetTableList(provider, name.queue);
  const inSet = set.map((table) => table.name);
  const names = await meantOrAll(provider, typed, () => missingTables(ends));
  const providerNode = (await getNode(provider)).id;
  return await inTransaction(subscriber, async () => {
    const known = await subscriberGetTableList(subscriber, name);
    const taken = new Map(known.map((table) => [plainly(table.destination), table.name]));
    const isKnown = new Set(known.map((table) => table.name));
    const destinations = new Map<string, Destination>();
    const created: string[] = [];
    const faults: Fault[] = [];
    const notes: Fault[] = [];
    for (const table of names) {
      const registered = set.find((candidate) => candidate.name === table);
      if (!registered) throw notInSet('table', table, name.queue, inSet);
      if (isKnown.has(table)) throw alreadyAdded('table', table);
      const destination = await destinationFor(subscriber, table, { names, otherwise });
      const other = taken.get(plainly(destination));
      if (other !== undefined) faults.push(sharedFault(table, other, destination));
      else if (creation && (await createTable(ends, registered, destination, creation))) created.push(table);
      const found = await checkTable(ends, registered, destination);
      faults.push(...found.faults);
      notes.push(...found.notes);
      taken.set(plainly(destination), table);
      destinations.set(table, destination);
    }
    refuseFaults(faults);
    await requireTicker(provider, name.queue);
    // The job may have another name than the one that was installed for.
    await openPosition(subscriber, name, providerNode);
    for (const [table, destination] of destinations) {
      await subscriberAddTable(subscriber, name, table, destination);
      if (expects === true) await expectSync(subscriber, name, table);
    }
    return { added: names, created, notes };
  });
}

async function destinationFor(
  subscriber: Session,
  table: string,
  { names, otherwise: { destTable, columns } }: { names: readonly string[]; otherwise: Otherwise },
): Promise<Destination> {
  if (destTable === undefined && columns === undefined) return sameName(table);
  if (names.length > 1) {
    throw new LondisteError(
      'usage',
      `--dest-table and --columns are for one table, and these are ${names.length}: ${names.join(', ')}`,
      { hint: 'add that table by itself' },
    );
  }
  return {
    table: destTable === undefined ? table : await registeredName(subscriber, destTable),
    columns: columns === undefined ? undefined : showColumns(parseColumns(columns)),
  };
}

/** Each of two tables that go to the same one would throw the other's rows away when it is copied. */
function sharedFault(table: string, other: string, destination: Destination): Fault {
  return {
    what: `table ${table}: the rows of table ${other} go to ${destination.table} already`,
    fix: `londiste CONFIG subscriber add ${table} --dest-table ANOTHER`,
  };
}

/** A destination's table, written the same by servers of every version. */
function plainly({ table }: Destination): string {
  return quoteName(parseName(table));
}

/** Takes tables off the list; tells what copies that were under way have dropped from them, with what to type to have it again. */
export async function removeSubscriberTables(
  ends: Ends,
  typed: readonly string[],
): Promise<{ tables: string[]; faults: Fault[] }> {
  const { name, subscriber } = ends;
  await requireBoth(ends);
  const names = await meantOrAll(subscriber, typed, () => listedTables(ends));
  await inTransaction(subscriber, async () => {
    for (const table of names) {
      if (!(await subscriberRemoveTable(subscriber, name, table))) throw notAdded('table', table);
    }
  });
  const faults = await definitionFaults(subscriber, name, []);
  return { tables: names, faults: faults.filter(({ table }) => names.includes(table)) };
}

/**
 * Puts parked tables back to work, all or none; without names all that are parked.
 *
 * @throws LondisteError when one is not parked, or none is.
 */
export async function retryTables(ends: Ends, typed: readonly string[]): Promise<string[]> {
  const { name, subscriber } = ends;
  await requireBoth(ends);
  const names = await meantOrAll(subscriber, typed, () => parkedTables(subscriber, name));
  if (names.length === 0) {
    throw new LondisteError('refused', 'no table of this subscription is parked', { hint: 'nothing to do' });
  }
  await inTransaction(subscriber, async () => {
    for (const table of names) {
      if (!(await subscriberRetryTable(subscriber, name, table))) throw notAdded('table', table);
    }
  });
  return names;
}

async function parkedTables(subscriber: Session, name: SubscriptionName): Promise<string[]> {
  const tables = await subscriberGetTableList(subscriber, name);
  return tables.filter(({ state }) => state === 'parked').map((table) => table.name);
}

export async function listTables(subscriber: Session, name: SubscriptionName): Promise<SubscribedTable[]> {
  await requireSubscriber(subscriber);
  return await subscriberGetTableList(subscriber, name);
}

/** Tables of the set that this subscription does not have. */
export async function missingTables({ name, provider, subscriber }: Ends): Promise<string[]> {
  const here = new Set((await subscriberGetTableList(subscriber, name)).map((table) => table.name));
  return (await providerGetTableList(provider, name.queue))
    .map((table) => table.name)
    .filter((table) => !here.has(table));
}

export async function listedTables({ name, subscriber }: Ends): Promise<string[]> {
  return (await subscriberGetTableList(subscriber, name)).map((table) => table.name);
}
