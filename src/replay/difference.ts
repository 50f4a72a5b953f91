import { listed, quoteIdent } from '../db/identifiers.js';
import { asLondisteError, LondisteError } from '../kernel/errors.js';
import { tap } from '../kernel/tap.js';
import { columnsOfBoth } from '../londiste/shadow.js';
import { describeTable } from '../londiste/table-shape.js';
import type { SubscribedTable } from '../londiste/table-state.js';
import type { Link } from './link.js';
import type { Plan } from './plan.js';
import { whilePlanningFreely } from './plans.js';
import { RowSender } from './row-sender.js';
import { searchByHalves } from './row-search.js';
import type { Target } from './target.js';

/** Rows that a table was made equal to its shadow by. */
export interface Difference {
  readonly deleted: number;
  readonly updated: number;
  readonly inserted: number;
}

/**
 * Makes tables equal to their shadows, in the transaction that takes them over, where the shadows have arrived: who reads them sees the old rows up to its
 * commit and the new ones from then on. Rows that are equal are not touched.
 *
 * @throws LondisteError with the `table` that does not take its rows.
 */
export async function becomeShadows(
  link: Link,
  tables: readonly SubscribedTable[],
  plan: Plan,
): Promise<void> {
  for (const [nr, table] of tables.entries()) {
    const began = Date.now();
    try {
      const made = await becomeShadow(link, table, { plan, nr });
      const { deleted, updated, inserted } = made;
      link.log.info(
        { table: table.name, ...made, ms: Date.now() - began },
        `table ${table.name}: made equal to its shadow: ${deleted} rows deleted, ${updated} updated, ${inserted} inserted`,
      );
    } catch (thrown) {
      throw asLondisteError(thrown).of(table.name);
    }
    await tap('replay.difference-made');
  }
}

async function becomeShadow(
  link: Link,
  table: SubscribedTable,
  { plan, nr }: { plan: Plan; nr: number },
): Promise<Difference> {
  const { subscriber, targets } = link;
  const keyColumns = await targets.keyColumns(table.name);
  if (keyColumns === undefined || keyColumns.length === 0) throw keyIsGone(table);
  const found = await targets.get([{ table: table.name, keyColumns, into: table.destination }]);
  const target = found(table.name);
  const real = await describeTable(subscriber, table.destination.table);
  const shadow = await describeTable(subscriber, table.landing.table);
  const columns = columnsOfBoth(table, { real, shadow });
  const work = new Work(link, target, {
    shadow: table.landing.table,
    all: columns.map(({ name }) => name),
    written: columns.filter(({ generated }) => !generated).map(({ name }) => name),
    // Nothing but DEFAULT can be assigned to one that is `always`; it is of the key, and the same.
    updated: columns
      .filter(({ generated, identity }) => !generated && identity !== 'a')
      .map(({ name }) => name),
    isSearching: plan.isSearching(table.name),
    suffix: String(nr),
  });
  const replaces = target.mustReplace || plan.modeOf(table.name) === 'replace';
  return await whilePlanningFreely(subscriber, () => work.run(replaces));
}

interface WorkOptions {
  /** The table whose rows are to be. */
  readonly shadow: string;
  /** Its columns; those of them that an INSERT writes; those that an UPDATE does. */
  readonly all: readonly string[];
  readonly written: readonly string[];
  readonly updated: readonly string[];
  /** Whether the row that a statement fails for is searched for. */
  readonly isSearching: boolean;
  /** Tells the temporary tables of one transaction apart. */
  readonly suffix: string;
}

/** The statements for one table. Rows of the table are `t`, those of the shadow `s`, those that differ `d`. */
class Work {
  readonly #subscriber: Link['subscriber'];
  readonly #target: Target;
  readonly #options: WorkOptions;
  readonly #sender: RowSender;
  /** The keys of rows that are to go. */
  readonly #gone: string;
  /** The shadow's rows that are not here, or not the same: as they are to be, numbered, with whether their key is here. */
  readonly #differing: string;

  constructor({ subscriber }: Link, target: Target, options: WorkOptions) {
    this.#subscriber = subscriber;
    this.#target = target;
    this.#options = options;
    this.#sender = new RowSender(subscriber, target, false);
    this.#gone = `pg_temp.londiste_gone_${options.suffix}`;
    this.#differing = `pg_temp.londiste_differing_${options.suffix}`;
  }

  /** Deletes come first: what stands at any moment is then a subset of what is to be, if rows are replaced rather than updated. */
  async run(replaces: boolean): Promise<Difference> {
    const { rows, name, key } = this.#target;
    const { written, updated } = this.#options;
    const gone = await this.#collectGone();
    const { here, absent } = await this.#collectDiffering();
    const differing = `${this.#differing} as d`;
    const isHere = `d.${flag} and ${this.#sameKey('d')}`;
    this.#sender.require(
      await this.#subscriber.execute(
        `delete from ${rows} as t using ${this.#gone} as g where ${this.#sameKey('g')}`,
      ),
      gone,
    );
    if (replaces) await this.#each(here, `delete from ${rows} as t using ${differing} where ${isHere}`);
    else if (updated.length > 0) {
      const set = updated.map((column) => `${quoteIdent(column)} = d.${quoteIdent(column)}`).join(', ');
      await this.#each(here, `update ${rows} as t set ${set} from ${differing} where ${isHere}`);
    }
    const order = listed(
      key.map((column) => column.name),
      'd',
    );
    await this.#each(
      replaces ? here + absent : absent,
      `insert into ${name} (${listed(written)}) overriding system value select ${listed(written, 'd')} from ${differing}
        where ${replaces ? 'true' : `not d.${flag}`}`,
      `order by ${order}`,
    );
    return { deleted: gone, updated: here, inserted: absent };
  }

  async #collectGone(): Promise<number> {
    const { rows, key } = this.#target;
    return await this.#subscriber.execute(
      `create temporary table ${this.#gone.replace('pg_temp.', '')} on commit drop as
       select ${listed(
         key.map((column) => column.name),
         't',
       )} from ${rows} as t
        where not exists (select from ${this.#options.shadow} as s where ${this.#sameKey('s')})`,
    );
  }

  /** Rows are compared by what is stored: types need no equality of their own, and NULL is not empty. */
  async #collectDiffering(): Promise<{ here: number; absent: number }> {
    const { rows } = this.#target;
    const { all, written, shadow } = this.#options;
    const image = (alias: string): string => `row(${listed(written, alias)})::record`;
    await this.#subscriber.execute(
      `create temporary table ${this.#differing.replace('pg_temp.', '')} on commit drop as
       select ${listed(all, 's')}, t.tableoid is not null as ${flag}, (row_number() over ())::integer as ${number}
         from ${shadow} as s left join ${rows} as t on ${this.#sameKey('s')}
        where t.tableoid is null or ${image('t')} operator(pg_catalog.*<>) ${image('s')}`,
    );
    await this.#subscriber.execute(`analyze ${this.#differing}`);
    return await this.#subscriber.one<{ here: number; absent: number }>(
      `select count(*) filter (where ${flag}) as here, count(*) filter (where not ${flag}) as absent from ${this.#differing}`,
    );
  }

  #sameKey(alias: string): string {
    return this.#target.key
      .map(({ name, operator }) => `t.${quoteIdent(name)} ${operator} ${alias}.${quoteIdent(name)}`)
      .join(' and ');
  }

  /** Runs a statement over rows that differ, which must write `expected`; after a failure so that the row at fault is found. */
  async #each(expected: number, statement: string, end = ''): Promise<void> {
    if (expected === 0) return;
    this.#sender.require(
      this.#options.isSearching
        ? await this.#search(statement)
        : await this.#subscriber.execute(`${statement} ${end}`),
      expected,
    );
  }

  async #search(statement: string): Promise<number> {
    const key = `row(${listed(this.#target.key.map(({ name }) => name))})::text`;
    const entries = await this.#subscriber.query<{ nr: number; key: string }>(
      `select ${number} as nr, ${key} as key from ${this.#differing}`,
    );
    const keys = new Map(entries.map(({ nr, key: text }) => [nr, text]));
    return await searchByHalves(this.#subscriber, [...keys.keys()], {
      run: (some) => this.#subscriber.execute(`${statement} and d.${number} = any ($1::integer[])`, [some]),
      keyOf: (nr) => keys.get(nr) ?? '',
    });
  }
}

/** Names that no column of a user's has. */
const flag = 'londiste_is_here';
const number = 'londiste_nr';

function keyIsGone({ name, destination }: SubscribedTable): LondisteError {
  return new LondisteError(
    'schema',
    `table ${name} has no key any more by which rows of ${destination.table} could be told from those of its shadow`,
    { needsCopy: true, hint: `copy it without one: londiste CONFIG subscriber resync ${name}` },
  );
}
