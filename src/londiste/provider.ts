import type { Session } from '../db/session.js';
import { LondisteError } from '../kernel/errors.js';
import { changedSomething } from './outcome.js';
import type { SubscriptionName } from './subscription-name.js';
import type { Fault } from './table-fault.js';

/** A table of the set, as the provider has it registered. */
export interface ProviderTable {
  readonly name: string;
  readonly keyColumns: readonly string[];
  readonly layoutId: string;
  /** A condition that the rows of the table fit which are replicated; undefined when all are. */
  readonly rowFilter: string | undefined;
}

/** How the changes of a table are captured. */
export interface CaptureOptions {
  /** By triggers for each statement or each row; what suits the table when undefined. */
  readonly capture?: 'statement' | 'row';
  /**
   * How an event says which row is gone: by the table's key (the default), by the columns of the unique index of that name, by
   * the whole row, or not at all, for rows that only come.
   */
  readonly identity?: 'full' | 'nothing' | { readonly index: string };
  /** Only rows for which this condition is true. */
  readonly where?: string;
}

export async function providerAddTable(
  session: Session,
  queue: string,
  table: string,
  { capture, identity, where }: CaptureOptions = {},
): Promise<boolean> {
  return changedSomething(session, 'londiste.provider_add_table($1, $2, $3, $4, $5)', [
    queue,
    table,
    capture ?? null,
    typeof identity === 'object' ? `index ${identity.index}` : (identity ?? 'default'),
    where ?? null,
  ]);
}

export async function providerRemoveTable(session: Session, queue: string, table: string): Promise<boolean> {
  return changedSomething(session, 'londiste.provider_remove_table($1, $2)', [queue, table]);
}

interface ProviderTableRow {
  table_name: string;
  key_columns: string[];
  layout_id: string;
  row_filter: string | null;
}

const listOfSet =
  'select table_name, key_columns, layout_id, row_filter from londiste.provider_get_table_list($1)';

export async function providerGetTableList(session: Session, queue: string): Promise<ProviderTable[]> {
  return (await session.query<ProviderTableRow>(listOfSet, [queue])).map(toProviderTable);
}

/** One table of the set; undefined when it is not in it. */
export async function findProviderTable(
  session: Session,
  queue: string,
  table: string,
): Promise<ProviderTable | undefined> {
  const [row] = await session.query<ProviderTableRow>(`${listOfSet} where table_name = $2`, [queue, table]);
  return row && toProviderTable(row);
}

function toProviderTable(row: ProviderTableRow): ProviderTable {
  return {
    name: row.table_name,
    keyColumns: row.key_columns,
    layoutId: row.layout_id,
    rowFilter: row.row_filter ?? undefined,
  };
}

/** The application's tables that are not in the set. */
export async function providerGetMissingTables(session: Session, queue: string): Promise<string[]> {
  const rows = await session.query<{ name: string }>(
    'select name from londiste.provider_get_missing_tables($1) as name',
    [queue],
  );
  return rows.map(({ name }) => name);
}

/** What is wrong with the set on the provider. */
export interface ProviderFault extends Fault {
  /** The table, sequence, role or queue that it is about, with that word before it. */
  readonly object: string;
  /** False for what keeps nothing from being replicated. */
  readonly isFault: boolean;
}

export async function providerCheck(session: Session, queue: string): Promise<ProviderFault[]> {
  return session.query<ProviderFault>(
    `select object_name as object, problem as what, fix, is_fault as "isFault" from londiste.provider_check($1)`,
    [queue],
  );
}

export async function providerAddSeq(session: Session, queue: string, sequence: string): Promise<boolean> {
  return changedSomething(session, 'londiste.provider_add_seq($1, $2)', [queue, sequence]);
}

export async function providerRemoveSeq(session: Session, queue: string, sequence: string): Promise<boolean> {
  return changedSomething(session, 'londiste.provider_remove_seq($1, $2)', [queue, sequence]);
}

export async function providerGetSeqList(session: Session, queue: string): Promise<string[]> {
  const rows = await session.query<{ seq_name: string }>(
    'select seq_name from londiste.provider_get_seq_list($1)',
    [queue],
  );
  return rows.map((row) => row.seq_name);
}

/** A sequence as its relation has it; `lastValue` is not handed out yet while `isCalled` is false. */
export interface SequenceValue {
  readonly name: string;
  readonly lastValue: string;
  readonly isCalled: boolean;
}

/** The values of all sequences of a queue, now. */
export async function sequenceValues(session: Session, queue: string): Promise<SequenceValue[]> {
  const rows = await session.query<{ seq_name: string; last_value: string; is_called: boolean }>(
    // As text: a sequence may stand anywhere in the range of bigint.
    'select seq_name, last_value::text, is_called from londiste.sequence_values($1)',
    [queue],
  );
  return rows.map((row) => ({ name: row.seq_name, lastValue: row.last_value, isCalled: row.is_called }));
}

/** A query for the events of `tables` (all when undefined) in the snapshot of tick `to` and not in `from`, in order. */
export async function eventRangeSql(
  session: Session,
  {
    queue,
    from,
    to,
    tables,
  }: { queue: string; from: string; to: number; tables?: readonly string[] | undefined },
): Promise<string> {
  const { text } = await session.one<{ text: string }>(
    'select londiste.event_range_sql($1, $2, $3, $4) as text',
    [queue, from, to, tables ?? null],
  );
  return text;
}

/** Registers a node as a subscriber under a consumer name, which no other node may have. */
export async function subscribe(
  session: Session,
  { queue, consumer }: SubscriptionName,
  node: Node,
): Promise<void> {
  await session.query('select londiste.subscribe($1, $2, $3, $4)', [queue, consumer, node.id, node.name]);
}

export async function unsubscribe(
  session: Session,
  { queue, consumer }: SubscriptionName,
  node: Node,
): Promise<boolean> {
  return changedSomething(session, 'londiste.unsubscribe($1, $2, $3)', [queue, consumer, node.id]);
}

/** The SQLSTATE of `holdEvents` when the provider does not have the events any more. */
const eventsGone = 'LD002';

/**
 * Makes the provider keep the events since `tick` for tables outside of the stream; without a tick, all that the
 * consumer has not finished. Returns the tick it keeps from, which may be an earlier one.
 *
 * @throws LondisteError of which `isEventsGone` is true when the events are gone.
 */
export async function holdEvents(
  session: Session,
  { queue, consumer }: SubscriptionName,
  tick?: number,
): Promise<number> {
  const { held } = await session.one<{ held: number }>('select londiste.hold_events($1, $2, $3) as held', [
    queue,
    consumer,
    tick ?? null,
  ]);
  return held;
}

/** The tick from which the provider keeps events for tables outside of the stream; undefined when for none. */
export async function heldTick(
  session: Session,
  { queue, consumer }: SubscriptionName,
): Promise<number | undefined> {
  const { held } = await session.one<{ held: number | null }>('select londiste.held_tick($1, $2) as held', [
    queue,
    consumer,
  ]);
  return held ?? undefined;
}

/** How long the oldest events that replay has not finished are waiting, in milliseconds, as the provider knows it; 0 for none. */
export async function replayLag(session: Session, { queue, consumer }: SubscriptionName): Promise<number> {
  return (await session.one<{ lag: number }>('select londiste.replay_lag($1, $2) as lag', [queue, consumer]))
    .lag;
}

/** Whether a failure of `holdEvents` means that only a new copy can help. */
export function isEventsGone(error: unknown): boolean {
  return error instanceof LondisteError && error.sqlstate === eventsGone;
}

/** Moves what is kept for copies forward to `tick`, or lets all of it go. */
export async function releaseEvents(
  session: Session,
  { queue, consumer }: SubscriptionName,
  tick: number | undefined,
): Promise<void> {
  await session.query('select londiste.release_events($1, $2, $3)', [queue, consumer, tick ?? null]);
}

export async function raiseFence(
  session: Session,
  { queue, consumer }: SubscriptionName,
  fence: number,
): Promise<void> {
  await session.query('select londiste.raise_fence($1, $2, $3)', [queue, consumer, fence]);
}

/** An installation of ours in one database. */
export interface Node {
  readonly id: string;
  readonly name: string;
}

export async function getNode(session: Session): Promise<Node> {
  const { node_id, node_name } = await session.one<{ node_id: string; node_name: string }>(
    'select node_id, node_name from londiste.node',
  );
  return { id: node_id, name: node_name };
}
