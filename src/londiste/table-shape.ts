import type { Session } from '../db/session.js';

/** One column as the catalogue has it. */
export interface Column {
  readonly name: string;
  readonly type: string;
  /** The type without its length or scale: casting to it changes no value. */
  readonly base_type: string;
  /** Whether unnest takes an array of the type further apart: arrays and composites. */
  readonly expands: boolean;
  /** Whether the type itself, a domain, refuses NULL. */
  readonly refuses_null: boolean;
  readonly generated: boolean;
  /** Generated, and never stored: its value is in no image of a row. */
  readonly virtual: boolean;
  /** `a` always, `d` by default, empty for none. */
  readonly identity: string;
  readonly not_null: boolean;
  /** Whether a row that does not say gets a value of its own: by a default, an identity, an expression. */
  readonly has_default: boolean;
}

/** A unique index that can serve as identity: immediate, over plain columns that are all not null. */
export interface UniqueIndex {
  readonly name: string;
  readonly columns: readonly string[];
  /** The equality operator of each column's operator class, qualified. */
  readonly operators: readonly string[];
}

/** What a table looks like: see sql/londiste/functions/describe_table.sql. */
export interface TableShape {
  readonly oid: number;
  readonly relkind: string;
  readonly columns: readonly Column[];
  readonly uniques: readonly UniqueIndex[];
  /** Also where it is none of these, being deferrable: there can be no second one. */
  readonly has_primary_key: boolean;
  /** The names of all unique and exclusion indexes. */
  readonly constraining: readonly string[];
  readonly triggers: readonly string[];
  /** Triggers and rules, ENABLE ALWAYS or REPLICA, that act on replayed rows beside what replay does. */
  readonly acting: readonly string[];
  /** Rules, ENABLE ALWAYS or REPLICA, that do something else instead with replayed rows. */
  readonly diverting: readonly string[];
  readonly is_referenced: boolean;
  readonly can_write: boolean;
}

/** Undefined when there is no such relation. `table` is a quoted, qualified name. */
export async function describeTable(session: Session, table: string): Promise<TableShape | undefined> {
  const { shape } = await session.one<{ shape: TableShape | null }>(
    'select londiste.describe_table($1) as shape',
    [table],
  );
  return shape ?? undefined;
}

/** The unique index over exactly these columns, in any order. */
export function uniqueOver(shape: TableShape, columns: readonly string[]): UniqueIndex | undefined {
  return shape.uniques.find(
    (unique) =>
      unique.columns.length === columns.length && columns.every((column) => unique.columns.includes(column)),
  );
}

/**
 * A statement that empties a table. TRUNCATE is refused for one that another references, whether or not that one is empty
 * and whatever triggers are off, and CASCADE would empty tables that nobody asked for: such a table's rows are deleted.
 */
export function emptyTable(name: string, shape: TableShape): string {
  const rows = ownRows(name, shape);
  return shape.is_referenced ? `delete from ${rows}` : `truncate ${rows}`;
}

/** What stands for the rows of a table: those of its partitions, but not those of tables that inherit from it. */
export function ownRows(name: string, { relkind }: Pick<TableShape, 'relkind'>): string {
  return relkind === 'p' ? name : `only ${name}`;
}

/** A table that was to be locked for writing. */
export interface LockedTable {
  /** While it is the same, so is the table; undefined when there is no such table. */
  readonly signature: string | undefined;
  /** Why it cannot be written to at all. */
  readonly problem: { readonly message: string; readonly sqlstate: string } | undefined;
}

/** Locks tables for writing until the end of the transaction. */
export async function lockTargets(
  session: Session,
  tables: readonly string[],
): Promise<Map<string, LockedTable>> {
  const rows = await session.query<{
    table_name: string;
    signature: string | null;
    problem: string | null;
    problem_sqlstate: string | null;
  }>('select * from londiste.lock_targets($1)', [tables]);
  return new Map(
    rows.map(({ table_name, signature, problem, problem_sqlstate }) => [
      table_name,
      {
        signature: signature ?? undefined,
        problem: problem === null ? undefined : { message: problem, sqlstate: problem_sqlstate ?? '' },
      },
    ]),
  );
}
