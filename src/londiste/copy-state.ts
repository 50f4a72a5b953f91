import type { Session } from '../db/session.js';
import type { BlockRange } from '../table/ranges.js';
import { changedMember } from './outcome.js';
import type { SubscriptionName } from './subscription-name.js';
import type { CopyMode, TableMark } from './table-state.js';

/** A table of a subscription, and the fence number under which its copy is made. */
export interface Copying {
  readonly name: SubscriptionName;
  readonly table: string;
  readonly fence: number;
}

/** What a copy writes down before it changes anything. */
export interface CopyPlan {
  /** The tick from which the provider keeps events. */
  readonly holdTick: number;
  readonly snapshot: string;
  readonly filenode: number;
  readonly layoutId: string;
  /** What the provider's table looks like, in one word. */
  readonly sourceDigest: string;
  /** The index on the subscriber by which changes find their rows. */
  readonly keyIndex: string | undefined;
  /** None: the whole table is one. */
  readonly ranges: readonly BlockRange[];
}

/** One range of a copy as it is stored. */
export interface StoredRange extends BlockRange {
  readonly nr: number;
  readonly isDone: boolean;
}

/** `wanted` → `copying`, or on with a copy that was cut off. False when the table is in neither of these states. */
export function startCopy(session: Session, copying: Copying): Promise<boolean> {
  return copyStep(session, copying, 'start_copy', []);
}

/** How the next copy of a table is made. */
export interface CopyOptions {
  readonly mode: CopyMode;
  /** Which rows are copied and replaced; all when undefined. */
  readonly where?: string | undefined;
  /** Where the rows stand that stay, if anywhere. */
  readonly position?: TableMark | undefined;
}

/** How fast a copy may be; what is undefined is as the configuration has it. */
export interface CopyPace {
  /** Bytes a second; 0 is no limit. */
  readonly maxRate?: number | undefined;
  /** Milliseconds that replay may be behind; 0 is no limit. */
  readonly pauseLagMs?: number | undefined;
}

/** Says how the copy that a table has just been asked for is made, in the same transaction. */
export async function setCopyOptions(
  session: Session,
  { queue, consumer }: SubscriptionName,
  table: string,
  { mode, where, position, maxRate, pauseLagMs }: CopyOptions & CopyPace,
): Promise<void> {
  await session.query('select londiste.set_copy_options($1, $2, $3, $4, $5, $6, $7, $8, $9)', [
    queue,
    consumer,
    table,
    mode,
    where ?? null,
    position?.tickId ?? null,
    position?.snapshot ?? null,
    maxRate ?? null,
    pauseLagMs ?? null,
  ]);
}

/** Puts the copy of a table off. False when the table is not in the subscription. */
export function pauseCopy(session: Session, name: SubscriptionName, table: string): Promise<boolean> {
  return changedMember(session, 'pause_copy', name, table);
}

/** Lets a copy that was put off go on. False when the table is not in the subscription. */
export function resumeCopy(session: Session, name: SubscriptionName, table: string): Promise<boolean> {
  return changedMember(session, 'resume_copy', name, table);
}

/** Gives the copy of a table up and parks it. False when the table is not in the subscription. */
export function cancelCopy(session: Session, name: SubscriptionName, table: string): Promise<boolean> {
  return changedMember(session, 'cancel_copy', name, table);
}

/** Whether an operator has put the copy off, as the last commit has it. */
export async function isPaused(
  session: Session,
  { name: { queue, consumer }, table }: Pick<Copying, 'name' | 'table'>,
): Promise<boolean> {
  const rows = await session.query(
    'select from londiste.subscriber_get_table_list($1, $2) where table_name = $3 and copy_paused',
    [queue, consumer, table],
  );
  return rows.length > 0;
}

/** Begins the copy's record anew. False when the table is not in `copying` any more. */
export function storeCopy(session: Session, copying: Copying, plan: CopyPlan): Promise<boolean> {
  const { holdTick, snapshot, filenode, layoutId, sourceDigest, keyIndex, ranges } = plan;
  const whole = [holdTick, snapshot, filenode, layoutId, sourceDigest, keyIndex ?? null];
  if (ranges.length === 0) return copyStep(session, copying, 'store_copy', whole);
  return copyStep(session, copying, 'store_copy', [
    ...whole,
    ranges.map(({ relation }) => relation),
    ranges.map((range) => range.filenode),
    ranges.map(({ lower }) => lower),
    ranges.map(({ upper }) => upper ?? null),
  ]);
}

/**
 * Drops from the table, which the transaction has emptied, what slows a copy down; returns what is gone. Undefined when the
 * table is not this copy's any more.
 */
export async function clearTarget(
  session: Session,
  { name, table, fence }: Copying,
  { snapshot, keepKey }: { snapshot: string; keepKey: boolean },
): Promise<readonly string[] | undefined> {
  const { gone } = await session.one<{ gone: string[] | null }>(
    'select londiste.clear_target($1, $2, $3, $4, $5, $6) as gone',
    [name.queue, name.consumer, table, fence, snapshot, keepKey],
  );
  return gone ?? undefined;
}

/** Has the ranges that have not landed read under another snapshot. False when the table is not in `copying` any more. */
export function continueCopy(session: Session, copying: Copying, snapshot: string): Promise<boolean> {
  return copyStep(session, copying, 'continue_copy', [snapshot]);
}

/** The ranges of a table's copy; none where it is in one piece. */
export async function copyRanges(
  session: Session,
  { queue, consumer }: SubscriptionName,
  table: string,
): Promise<StoredRange[]> {
  const rows = await session.query<{
    nr: number;
    relation: string;
    filenode: number;
    lower_bound: string;
    upper_bound: string | null;
    state: string;
  }>('select * from londiste.copy_ranges($1, $2, $3) where relation is not null', [queue, consumer, table]);
  return rows.map(({ nr, relation, filenode, lower_bound, upper_bound, state }) => ({
    nr,
    relation,
    filenode,
    lower: Number(lower_bound),
    upper: upper_bound === null ? undefined : Number(upper_bound),
    isDone: state === 'done',
  }));
}

/** Records one range, in the transaction that brought its rows. False when it is not this copy's any more. */
export function landRange(
  session: Session,
  copying: Copying,
  { nr, snapshot, rows }: { nr: number; snapshot: string; rows: number },
): Promise<boolean> {
  return copyStep(session, copying, 'land_range', [nr, snapshot, rows]);
}

/** `copying` → `building`: all rows are here; `rows` of them where they came in one piece. */
export function landCopy(session: Session, copying: Copying, rows?: number): Promise<boolean> {
  return copyStep(session, copying, 'land_copy', [rows ?? null]);
}

/** Calls a verb of copies, which all begin with the same arguments and tell whether the copy is still the caller's. */
export async function copyStep(
  session: Session,
  { name, table, fence }: Copying,
  verb: string,
  values: readonly unknown[],
): Promise<boolean> {
  const all = [name.queue, name.consumer, table, fence, ...values];
  const places = all.map((_, n) => `$${n + 1}`).join(', ');
  return (await session.one<{ done: boolean }>(`select londiste.${verb}(${places}) as done`, all)).done;
}
