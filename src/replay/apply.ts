import type { Session } from '../db/session.js';
import { inTransaction } from '../db/transaction.js';
import type { Layout } from '../event/layout.js';
import { asLondisteError } from '../kernel/errors.js';
import type { KeptKey, TableChanges } from './change-set.js';
import { deleteKeys, emptyTable, insertMissing, updateRows, type Statement } from './statement.js';
import type { RowMapping, Target } from './target.js';

/** The changes of one table with the table that they go into. */
export interface TableWork {
  readonly target: Target;
  readonly changes: TableChanges;
}

/**
 * How the rows that stay get in: `update` changes those that are there and inserts the others; `replace` deletes all of
 * their keys first. Only the latter never meets a unique value that another row of the batch is about to give up.
 */
export type ApplyMode = 'update' | 'replace';

/** What applying a batch did, and where the subscriber was not what the provider took it for. */
export interface Applied {
  readonly deleted: number;
  readonly updated: number;
  readonly inserted: number;
  readonly drift: readonly Drift[];
}

/** Rows of a table that should have been there and were not, or the reverse. Applying has healed them. */
export interface Drift {
  readonly table: string;
  readonly missing: number;
  readonly extra: number;
}

/** Rows and bytes of one statement's array: enough that planning and round trips no longer count, and no more. */
const mostRows = 5_000;
const mostCharacters = 4_000_000;

/**
 * Applies the changes of a batch inside the caller's transaction: empties tables, deletes all keys that are gone in all
 * tables, then writes the rows. In that order what stands at any moment is a subset of the final state, so no unique or
 * exclusion constraint that the provider keeps can fail for what a batch deletes.
 */
export async function applyChanges(
  subscriber: Session,
  work: readonly TableWork[],
  mode: ApplyMode,
): Promise<Applied> {
  for (const table of work) {
    if (table.changes.truncated) await naming(table, () => run(subscriber, emptyTable(table.target)));
  }

  const total = { deleted: 0, updated: 0, inserted: 0 };
  const drift: Drift[] = [];
  const missing = new Map<TableWork, number>();
  for (const table of work) {
    const lost = await naming(table, () => deleteGone(subscriber, table, total, mode));
    missing.set(table, lost);
  }
  for (const table of work) {
    const found = await naming(table, () => writeRows(subscriber, table, total, mode));
    // A row that moved to another key by an UPDATE is rightly not there under it yet.
    const lost = Math.max(0, (missing.get(table) ?? 0) + found.missing - table.changes.moved);
    if (lost > 0 || found.extra > 0)
      drift.push({ table: table.changes.table, missing: lost, extra: found.extra });
  }
  return { ...total, drift };
}

/** A failure of one table's statements, with the table's name. */
async function naming<T>({ changes }: TableWork, work: () => Promise<T>): Promise<T> {
  try {
    return await work();
  } catch (error) {
    throw asLondisteError(error).of(changes.table);
  }
}

/**
 * Runs `work` in a transaction that updates rows where they are; where another row still holds a unique value that the
 * batch moves, rolls back and runs it again so that all keys are deleted before any row goes in.
 */
export async function inEitherMode<T>(
  subscriber: Session,
  work: (mode: ApplyMode) => Promise<T>,
): Promise<T> {
  try {
    return await inTransaction(subscriber, () => work('update'));
  } catch (error) {
    const { sqlstate } = asLondisteError(error);
    const isUniqueConflict = sqlstate === '23505' || sqlstate === '23P01';
    if (!isUniqueConflict) throw error;
    return await inTransaction(subscriber, () => work('replace'));
  }
}

type Total = { deleted: number; updated: number; inserted: number };

/** Returns how many rows were to be deleted that were not there. */
async function deleteGone(
  subscriber: Session,
  { target, changes }: TableWork,
  total: Total,
  mode: ApplyMode,
): Promise<number> {
  const gone = changes.gone();
  const expected = gone.filter((kept) => kept.expected);
  const unexpected = gone.filter((kept) => !kept.expected);
  const deleted = await deleteAll(subscriber, target, expected);
  total.deleted += deleted;
  // Inserted and deleted within the batch: the key is not there, unless it was left over.
  await deleteAll(subscriber, target, unexpected);
  if (isReplacing(target, mode) && !changes.truncated) await deleteAll(subscriber, target, changes.rows());
  return expected.length - deleted;
}

async function deleteAll(subscriber: Session, target: Target, kept: readonly KeptKey[]): Promise<number> {
  let deleted = 0;
  for (const chunk of chunks(kept, ({ key }) => key.reduce((sum, field) => sum + field.length, 0))) {
    deleted += await run(
      subscriber,
      deleteKeys(
        target,
        chunk.map(({ key }) => key),
      ),
    );
  }
  return deleted;
}

/** Returns how many rows were missing that should have been there, and how many were there that should not. */
async function writeRows(
  subscriber: Session,
  { target, changes }: TableWork,
  total: Total,
  mode: ApplyMode,
): Promise<{ missing: number; extra: number }> {
  let missing = 0;
  let extra = 0;
  for (const [layout, kept] of byLayout(changes.rows())) {
    const mapping = target.mapping(layout);
    const write = new RowWriter(subscriber, target, mapping);
    if (isReplacing(target, mode)) {
      total.inserted += await write.insert(kept);
      continue;
    }
    const present = kept.filter(({ expected }) => expected);
    const absent = kept.filter(({ expected }) => !expected);
    const updated = await write.update(present);
    const inserted = await write.insert(absent);
    const healed = updated < present.length ? await write.insert(present) : 0;
    const overwritten = inserted < absent.length ? await write.update(absent) : 0;
    missing += healed;
    extra += absent.length - inserted;
    total.updated += updated + (inserted < absent.length ? overwritten - inserted : 0);
    total.inserted += inserted + healed;
  }
  return { missing, extra };
}

function isReplacing(target: Target, mode: ApplyMode): boolean {
  return mode === 'replace' || target.mustReplace;
}

class RowWriter {
  constructor(
    readonly subscriber: Session,
    readonly target: Target,
    readonly mapping: RowMapping,
  ) {}

  update(kept: readonly KeptKey[]): Promise<number> {
    return this.#each(kept, (images) => updateRows(this.target, this.mapping, images));
  }

  insert(kept: readonly KeptKey[]): Promise<number> {
    return this.#each(kept, (images) => insertMissing(this.target, this.mapping, images));
  }

  async #each(
    kept: readonly KeptKey[],
    statement: (images: readonly string[]) => Statement,
  ): Promise<number> {
    const images = kept.flatMap(({ row }) => (row === undefined ? [] : [row.image]));
    let touched = 0;
    for (const chunk of chunks(images, (image) => image.length))
      touched += await run(this.subscriber, statement(chunk));
    return touched;
  }
}

function byLayout(kept: readonly KeptKey[]): Map<Layout, KeptKey[]> {
  const groups = new Map<Layout, KeptKey[]>();
  for (const one of kept) {
    if (one.row === undefined) continue;
    const group = groups.get(one.row.layout);
    if (group) group.push(one);
    else groups.set(one.row.layout, [one]);
  }
  return groups;
}

function* chunks<T>(items: readonly T[], characters: (item: T) => number): Generator<T[], void, undefined> {
  let chunk: T[] = [];
  let size = 0;
  for (const item of items) {
    chunk.push(item);
    size += characters(item);
    if (chunk.length < mostRows && size < mostCharacters) continue;
    yield chunk;
    chunk = [];
    size = 0;
  }
  if (chunk.length > 0) yield chunk;
}

function run(subscriber: Session, { text, values }: Statement): Promise<number> {
  return subscriber.execute(text, values);
}
