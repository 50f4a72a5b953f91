import { parseName, type QualifiedName } from '../db/identifiers.js';
import type { Session } from '../db/session.js';
import { sameName, type Destination } from '../londiste/destination.js';
import type { SubscriptionName } from '../londiste/subscription-name.js';
import { countTables, tablesByNumber, type SubscribedTable } from '../londiste/table-state.js';

/** The tables that replay has or may take, as they were at one moment; the others' copies are no concern of its. */
export class TableList {
  /** As in `londiste.position`: the same for as long as no table moves. */
  readonly version: number;
  /** Whether no table is on its way to replay. */
  readonly isSettled: boolean;
  readonly #tables: ReadonlyMap<string, SubscribedTable>;

  private constructor(tables: readonly SubscribedTable[], version: number, isSettled: boolean) {
    this.version = version;
    this.isSettled = isSettled;
    const inOrder = [...tables].sort((a, b) => a.nr - b.nr);
    this.#tables = new Map(inOrder.map((table) => [table.name, table]));
  }

  /**
   * Reads the list as it is at `version`. Of `before`, an earlier one, what streamed and still does is kept: while thousands of
   * tables come one after the other, each of them is read a few times and not thousands of times.
   */
  static async read(
    session: Session,
    name: SubscriptionName,
    { version, before }: { version: number; before: TableList | undefined },
  ): Promise<TableList> {
    const { streaming, ready, others } = await countTables(session, name);
    const known = new Map<number, SubscribedTable>();
    for (const table of before ? before.#tables.values() : [])
      if (table.state === 'ok') known.set(table.nr, table);
    const kept = streaming.flatMap((nr) => known.get(nr) ?? []);
    const missing = [...streaming.filter((nr) => !known.has(nr)), ...ready];
    const read = missing.length === 0 ? [] : await tablesByNumber(session, name, missing);
    return new TableList([...kept, ...read], version, ready.length === 0 && others === 0);
  }

  get(name: string): SubscribedTable | undefined {
    return this.#tables.get(name);
  }

  /** Where a table's rows go on the subscriber: while its copier's are in its shadow, there. */
  destinationOf(name: string): Destination {
    return this.#tables.get(name)?.landing ?? sameName(name);
  }

  /** The name in the set of the table whose rows go to a table of the subscriber. */
  goingTo({ schema, name }: QualifiedName): string | undefined {
    return [...this.#tables.values()].find(({ destination }) => {
      const parsed = parseName(destination.table);
      return parsed.schema === schema && parsed.name === name;
    })?.name;
  }

  /** Those that replay may take from the copier. */
  get ready(): SubscribedTable[] {
    return [...this.#tables.values()].filter(({ state }) => state === 'ready');
  }

  /** Those that stream and have an error from before, which passed. */
  get mended(): string[] {
    return [...this.#tables.values()]
      .filter(({ state, error }) => state === 'ok' && error !== undefined)
      .map(({ name }) => name);
  }

  /** The names of those that stream. */
  get streaming(): string[] {
    return [...this.#tables.values()].filter(({ state }) => state === 'ok').map(({ name }) => name);
  }
}
