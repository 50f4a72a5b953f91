import { changeOf } from '../event/change.js';
import { LondisteError } from '../kernel/errors.js';
import { eventRangeSql } from '../londiste/provider.js';
import { TableChanges } from './change-set.js';
import { fetchEvents } from './fetch.js';
import type { Link } from './link.js';

/** The changes of a range of events, by table. */
export interface Collected {
  readonly tables: ReadonlyMap<string, TableChanges>;
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
  let ignored = 0;
  for await (const event of fetchEvents(link.feed, sql)) {
    const changes =
      event.table !== null && wants(event.table) ? await changesOf(link, tables, event.table) : undefined;
    if (changes === undefined) {
      ignored += 1;
      continue;
    }
    const change = changeOf(event);
    if (change.kind === 'foreign') {
      throw new LondisteError(
        'data',
        `queue ${link.name.queue}: event ${event.id} of table ${changes.table} has the unknown type ${event.type ?? 'null'}`,
        {
          hint: 'only the triggers of provider add may write events with a table name; find out who else does',
        },
      );
    }
    const layout =
      event.layoutId === null ? undefined : await link.layouts.get(link.provider, event.layoutId);
    changes.add(change, layout);
  }
  return { tables, ignored };
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
