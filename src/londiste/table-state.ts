import type { Session } from '../db/session.js';
import type { LondisteError } from '../kernel/errors.js';
import { Snapshot } from '../table/snapshot.js';
import { stateAfter, statesBefore, type TableEvent, type TableState } from '../table/state.js';
import type { Destination } from './destination.js';
import { changedMember, changedSomething } from './outcome.js';
import type { SubscriptionName } from './subscription-name.js';

/**
 * What a copy does with the rows that are there: they go; they stay, but for those of the same keys; readers keep them until replay has
 * made the table equal to the copy, which goes to its shadow.
 */
export type CopyMode = 'replace' | 'keep' | 'shadow';

/** A table of a subscription, as `londiste.table_state` has it. */
export interface SubscribedTable {
  /** Its number on the list; a table that is taken off and added again has another one, larger than all others. */
  readonly nr: number;
  /** The name in the set, quoted, as events carry it. */
  readonly name: string;
  readonly state: TableState;
  /** V: what the rows here hold, while the table is not `ok`. */
  readonly snapshot: Snapshot | undefined;
  readonly tickId: number | undefined;
  /** The smallest and the largest of the snapshots that the pieces of the last copy were read under. */
  readonly copySnapshot: string | undefined;
  readonly lastCopySnapshot: string | undefined;
  /** What was copied: the provider's table as it was, the files that the rows went into. */
  readonly sourceDigest: string | undefined;
  readonly destFiles: string | undefined;
  readonly attempts: number;
  /** Whether a copy lets the rows here stay, but for those of the same keys; and which rows it is of, where not of all. */
  readonly keepsRows: boolean;
  readonly copyWhere: string | undefined;
  /** Whether a copy goes to the table's shadow, which replay makes the table itself equal to when it takes it over. */
  readonly isShadowed: boolean;
  /** What holds for its copy in place of the configuration: bytes a second and milliseconds; 0 is no limit. */
  readonly maxRate: number | undefined;
  readonly pauseLagMs: number | undefined;
  /** Whether an operator has put its copy off. */
  readonly isPaused: boolean;
  /** When it came into this state, as the server prints it. */
  readonly since: string;
  readonly error: string | undefined;
  readonly errorSqlstate: string | undefined;
  /** What to type or do about the error, a line each. */
  readonly errorHint: string | undefined;
  /** The key of the row that it belongs to, where known. */
  readonly errorKey: string | undefined;
  readonly destination: Destination;
  /** Where its copy goes, and the events after that until replay has it: the destination, or its shadow. */
  readonly landing: Destination;
}

/**
 * Whether the rows here are those of one snapshot. While pieces of them were read under a later one than the position, they are a
 * mixture: rows may be missing or there already, and unique values there twice.
 */
export function isExact({ state, snapshot, lastCopySnapshot }: SubscribedTable): boolean {
  if (state === 'copying') return false;
  return lastCopySnapshot === undefined || snapshot?.contains(Snapshot.parse(lastCopySnapshot)) !== false;
}

/** Where a table stands after a step: a snapshot and the last tick that it contains. */
export interface TableMark {
  readonly tickId: number;
  readonly snapshot: string;
}

export async function subscriberAddTable(
  session: Session,
  { queue, consumer }: SubscriptionName,
  table: string,
  { table: dest, columns }: Destination,
): Promise<boolean> {
  return changedSomething(session, 'londiste.subscriber_add_table($1, $2, $3, $4, $5)', [
    queue,
    consumer,
    table,
    dest === table ? null : dest,
    columns ?? null,
  ]);
}

export function subscriberRemoveTable(
  session: Session,
  name: SubscriptionName,
  table: string,
): Promise<boolean> {
  return changedMember(session, 'subscriber_remove_table', name, table);
}

export function subscriberResyncTable(
  session: Session,
  name: SubscriptionName,
  table: string,
): Promise<boolean> {
  return changedMember(session, 'subscriber_resync_table', name, table);
}

/**
 * Puts a parked table back to work: it catches up from its position, or is copied when its copy had failed. False when
 * it is not in the subscription.
 *
 * @throws LondisteError `refused` when it is not parked.
 */
export function subscriberRetryTable(
  session: Session,
  name: SubscriptionName,
  table: string,
): Promise<boolean> {
  return changedMember(session, 'subscriber_retry_table', name, table);
}

/**
 * Takes an operator's word that the rows are equal where the subscription stands: the table is `ok` at once. False when it is
 * not in the subscription.
 *
 * @throws LondisteError `refused` when nothing was replayed yet, or something of the table is missing.
 */
export function expectSync(session: Session, name: SubscriptionName, table: string): Promise<boolean> {
  return changedMember(session, 'expect_sync', name, table);
}

interface Row {
  nr: number;
  table_name: string;
  state: TableState;
  position_snapshot: string | null;
  position_tick: number | null;
  snapshot_min: string | null;
  snapshot_max: string | null;
  source_digest: string | null;
  dest_files: string | null;
  attempts: number;
  copy_paused: boolean;
  copy_mode: CopyMode;
  copy_where: string | null;
  copy_max_rate: number | null;
  copy_pause_lag: number | null;
  error: string | null;
  error_sqlstate: string | null;
  error_hint: string | null;
  error_key: string | null;
  since: string;
  dest_table: string | null;
  columns: string | null;
  shadow: string | null;
}

// The shadow's name is asked for only where there is one: rows are passed to functions at ten times the cost of the rest.
const listOf = `select t.*, case copy_mode when 'shadow' then londiste.landing_table(t) end as shadow
  from londiste.subscriber_get_table_list($1, $2) t`;

/** Those of the list for which `condition` holds, whose $3 is `value`. */
async function tablesWhere(
  session: Session,
  { queue, consumer }: SubscriptionName,
  condition: string,
  value: unknown,
): Promise<SubscribedTable[]> {
  const rows = await session.query<Row>(`${listOf} where ${condition}`, [queue, consumer, value]);
  return rows.map(toTable);
}

export async function subscriberGetTableList(
  session: Session,
  { queue, consumer }: SubscriptionName,
): Promise<SubscribedTable[]> {
  const rows = await session.query<Row>(listOf, [queue, consumer]);
  return rows.map(toTable);
}

/** Those that replay does not have, and those of `others` that it has: so that looking again and again costs little when most have come through. */
export function tablesOnTheWay(
  session: Session,
  name: SubscriptionName,
  others: readonly string[],
): Promise<SubscribedTable[]> {
  return tablesWhere(session, name, `state <> 'ok' or table_name = any ($3::text[])`, others);
}

/** The numbers of those that replay has and of those that it may take, and how many of the others are not parked. */
export async function countTables(
  session: Session,
  { queue, consumer }: SubscriptionName,
): Promise<{ streaming: number[]; ready: number[]; others: number }> {
  return await session.one(
    `select coalesce(array_agg(nr) filter (where state = 'ok'), '{}') as streaming,
            coalesce(array_agg(nr) filter (where state = 'ready'), '{}') as ready,
            count(*) filter (where state not in ('ok', 'ready', 'parked'))::int as others
       from londiste.subscriber_get_table_list($1, $2)`,
    [queue, consumer],
  );
}

export function tablesByNumber(
  session: Session,
  name: SubscriptionName,
  numbers: readonly number[],
): Promise<SubscribedTable[]> {
  return tablesWhere(session, name, 'nr = any ($3::int[])', numbers);
}

/** One table of the list, which reads no other's row; undefined when it is not on it. */
export async function findTable(
  session: Session,
  name: SubscriptionName,
  table: string,
): Promise<SubscribedTable | undefined> {
  return (await tablesWhere(session, name, 'table_name = $3', table))[0];
}

function toTable(row: Row): SubscribedTable {
  const columns = row.columns ?? undefined;
  const destination = { table: row.dest_table ?? row.table_name, columns };
  return {
    nr: row.nr,
    name: row.table_name,
    state: row.state,
    snapshot: row.position_snapshot === null ? undefined : Snapshot.parse(row.position_snapshot),
    tickId: row.position_tick ?? undefined,
    copySnapshot: row.snapshot_min ?? undefined,
    lastCopySnapshot: row.snapshot_max ?? undefined,
    sourceDigest: row.source_digest ?? undefined,
    destFiles: row.dest_files ?? undefined,
    attempts: row.attempts,
    isPaused: row.copy_paused,
    keepsRows: row.copy_mode === 'keep',
    copyWhere: row.copy_where ?? undefined,
    isShadowed: row.copy_mode === 'shadow',
    maxRate: row.copy_max_rate ?? undefined,
    pauseLagMs: row.copy_pause_lag ?? undefined,
    since: row.since,
    error: row.error ?? undefined,
    errorSqlstate: row.error_sqlstate ?? undefined,
    errorHint: row.error_hint ?? undefined,
    errorKey: row.error_key ?? undefined,
    destination,
    landing: { table: row.shadow ?? destination.table, columns },
  };
}

/**
 * Moves a table by `event` out of any state that allows it, and stores where it stands. False when it is in none of
 * those any more: an operator removed it or asked for a new copy, and the caller must give its work up.
 */
export async function setTableState(
  session: Session,
  { queue, consumer }: SubscriptionName,
  {
    table,
    event,
    fence,
    mark,
  }: { table: string; event: TableEvent; fence: number; mark?: TableMark | undefined },
): Promise<boolean> {
  const { moved } = await session.one<{ moved: boolean }>(
    'select londiste.set_table_state($1, $2, $3, $4, $5, $6, $7, $8) as moved',
    [
      queue,
      consumer,
      table,
      fence,
      statesBefore(event),
      stateAfter(event),
      mark?.tickId ?? null,
      mark?.snapshot ?? null,
    ],
  );
  return moved;
}

/** What is kept of an error with the table that it befell. */
export interface KeptError {
  readonly message: string;
  readonly sqlstate?: string | undefined;
  readonly hint?: string | undefined;
  readonly key?: string | undefined;
}

/** Keeps the last error of a table whose state stays as it is; without `error` there is none any more. */
export async function setTableError(
  session: Session,
  { queue, consumer }: SubscriptionName,
  table: string,
  error: KeptError | undefined,
): Promise<void> {
  await session.query('select londiste.set_table_error($1, $2, $3, $4, $5, $6, $7)', [
    queue,
    consumer,
    table,
    error?.message ?? null,
    error?.sqlstate ?? null,
    error?.hint ?? null,
    error?.key ?? null,
  ]);
}

/** An error that takes a table out of the stream, and where it stands then. */
export interface Parking {
  readonly table: string;
  readonly fence: number;
  /** Where `retry` goes on. A table that has a position of its own keeps it when there is none here. */
  readonly mark: TableMark | undefined;
  readonly error: LondisteError;
  /** What to type on the subscriber so that its table fits the provider's again. */
  readonly alters?: readonly string[];
}

/**
 * Parks a table, in the caller's transaction. False when it is in no state that allows it: an operator removed it
 * meanwhile, or it is parked already. Before the batch that it was parked in is finished, `holdEvents` must have made
 * the provider keep what it needs from its position on.
 */
export async function parkTable(
  session: Session,
  { queue, consumer }: SubscriptionName,
  { table, fence, mark, error, alters = [] }: Parking,
): Promise<boolean> {
  const { parked } = await session.one<{ parked: boolean }>(
    'select londiste.park_table($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11) as parked',
    [
      queue,
      consumer,
      table,
      fence,
      statesBefore('fail'),
      mark?.tickId ?? null,
      mark?.snapshot ?? null,
      error.message,
      error.sqlstate ?? null,
      error.needsCopy
        ? error.hint
        : [error.hint, ...alters, `then: londiste ... subscriber retry ${table}`].join('\n'),
      error.key ?? null,
    ],
  );
  return parked;
}
