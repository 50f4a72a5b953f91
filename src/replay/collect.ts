import { changeOf, type Change, type QueueEvent } from '../event/change.js';
import type { Layout } from '../event/layout.js';
import { asLondisteError, LondisteError } from '../kernel/errors.js';
import { eventRangeSql } from '../londiste/provider.js';
import { TableChanges } from './change-set.js';
import { fetchEvents } from './fetch.js';
import type { Link } from './link.js';

/** The changes of a range of events, by table. */
export interface Collected {
  readonly tables: ReadonlyMap<string, TableChanges>;
  /** Tables that were taken out of the set within the range: their rows here are not to be trusted any more. */
  readonly removed: ReadonlySet<string>;
  /** Events that were applied to no table here: those of tables that are not subscribed, or not yet. */
  readonly ignored: number;
}

export interface Range {
  /** The snapshot whose events are already there. */
  readonly from: string;
  /** The tick whose snapshot closes the range. */
  readonly to: number;
  /** The only tables whose events are read; all when undefined. */
  readonly tables?: readonly string[];
}

/** Streams the events of a range and keeps, for the tables that `wants` names, what each key ends as. */
export async function collect(
  link: Link,
  range: Range,
  wants: (table: string) => boolean,
): Promise<Collected> {
  const sql = await eventRangeSql(link.provider, { queue: link.name.queue, ...range });
  const tables = new Map<string, TableChanges>();
  const removed = new Set<string>();
  const failures = new Map<string, unknown>();
  let ignored = 0;
  for await (const event of fetchEvents(link.feed, sql)) {
    const { table } = event;
    if (table === null || !wants(table)) {
      ignored += 1;
      continue;
    }
    const change = changeOf(event);
    if (change.kind === 'removed') removed.add(table);
    if (removed.has(table) || failures.has(table)) continue;
    try {
      const changes = await changesOf(link, tables, table);
      if (changes === undefined) ignored += 1;
      else changes.add(checked(link, event, change), await layoutOf(link, event));
    } catch (failure) {
      // What a later event of the range, the table's removal from the set, would make void is no failure yet.
      failures.set(table, failure);
    }
  }
  for (const [table, failure] of failures) if (!removed.has(table)) throw asLondisteError(failure).of(table);
  for (const table of removed) tables.delete(table);
  return { tables, removed, ignored };
}

function checked({ name }: Link, { id, type, table }: QueueEvent, change: Change): Change {
  if (change.kind !== 'foreign') return change;
  throw new LondisteError(
    'data',
    `queue ${name.queue}: event ${id} of table ${table ?? ''} has the unknown type ${type ?? 'null'}`,
    { hint: 'only the triggers of provider add may write events with a table name; find out who else does' },
  );
}

async function layoutOf({ layouts, provider }: Link, { layoutId }: QueueEvent): Promise<Layout | undefined> {
  return layoutId === null ? undefined : await layouts.get(provider, layoutId);
}

/** Undefined for a table that the provider has taken out of the set meanwhile: its last events are nobody's. */
async function changesOf(
  { targets }: Link,
  tables: Map<string, TableChanges>,
  table: string,
): Promise<TableChanges | undefined> {
  const known = tables.get(table);
  if (known) return known;
  const key = await targets.keyColumns(table);
  if (key === undefined) return undefined;
  const changes = new TableChanges(table, key);
  tables.set(table, changes);
  return changes;
}
