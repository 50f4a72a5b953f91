import type { Session } from '../db/session.js';
import type { Tick } from '../table/tick.js';
import type { SubscriptionName } from './subscription-name.js';

/** Where a subscription stands: the provider it follows and the last tick whose batch is committed here. */
export interface Position {
  readonly providerNode: string;
  readonly tick: Tick | undefined;
  readonly fence: number;
  /** Another one when a table has come, gone, or moved to another state or position. */
  readonly tablesVersion: number;
  /** The request of a compare that replay has to heed. */
  readonly compareRequest: number | undefined;
}

interface PositionRow {
  provider_node: string;
  tick_id: number | null;
  tick_time: string | null;
  tick_snapshot: string | null;
  tick_event_seq: number | null;
  epoch: number | null;
  fence: number;
  tables_version: number;
  compare_request: number | null;
}

export async function openPosition(
  session: Session,
  { queue, consumer }: SubscriptionName,
  providerNode: string,
): Promise<void> {
  await session.query('select londiste.open_position($1, $2, $3)', [queue, consumer, providerNode]);
}

/** The position without locking it; undefined when there is no such subscription on this node. */
export async function readPosition(
  session: Session,
  { queue, consumer }: SubscriptionName,
): Promise<Position | undefined> {
  const [row] = await session.query<PositionRow>(
    'select * from londiste.position where queue_name = $1 and consumer_name = $2',
    [queue, consumer],
  );
  return row && toPosition(row);
}

/** Locks the position row until the end of the transaction; fails when `fence` is given and is not its value any more. */
export async function lockPosition(
  session: Session,
  { queue, consumer }: SubscriptionName,
  fence: number,
): Promise<Position> {
  return toPosition(
    await session.one<PositionRow>('select * from londiste.lock_position($1, $2, $3)', [
      queue,
      consumer,
      fence,
    ]),
  );
}

export async function setPosition(
  session: Session,
  { queue, consumer }: SubscriptionName,
  tick: Tick,
): Promise<void> {
  await session.query('select londiste.set_position($1, $2, $3, $4, $5, $6, $7)', [
    queue,
    consumer,
    tick.tickId,
    tick.tickTime,
    tick.snapshot,
    tick.eventSeq,
    tick.epoch,
  ]);
}

/** The fence number of a successful claim, or who holds the subscription, and whether they came after us. */
export type Claim = { readonly fence: number } | { readonly holder: string; readonly replaced: boolean };

/** `fence` is the caller's own from an earlier session, if it had one. */
export async function claimPosition(
  session: Session,
  { queue, consumer }: SubscriptionName,
  fence: number | undefined,
): Promise<Claim> {
  const row = await session.one<{ fence: number | null; holder: string | null; replaced: boolean | null }>(
    'select * from londiste.claim_position($1, $2, $3)',
    [queue, consumer, fence ?? null],
  );
  return row.fence === null
    ? { holder: row.holder ?? 'another session', replaced: row.replaced === true }
    : { fence: row.fence };
}

/** How many tables will be copied anew; undefined when there was no such subscription. */
export async function resetPosition(
  session: Session,
  { queue, consumer }: SubscriptionName,
): Promise<number | undefined> {
  const { tables } = await session.one<{ tables: number | null }>(
    'select londiste.reset_position($1, $2) as tables',
    [queue, consumer],
  );
  return tables ?? undefined;
}

function toPosition(row: PositionRow): Position {
  const { tick_id, tick_time, tick_snapshot, tick_event_seq, epoch } = row;
  const isComplete =
    tick_id !== null &&
    tick_time !== null &&
    tick_snapshot !== null &&
    tick_event_seq !== null &&
    epoch !== null;
  return {
    providerNode: row.provider_node,
    tick: isComplete
      ? { tickId: tick_id, tickTime: tick_time, snapshot: tick_snapshot, eventSeq: tick_event_seq, epoch }
      : undefined,
    fence: row.fence,
    tablesVersion: row.tables_version,
    compareRequest: row.compare_request ?? undefined,
  };
}
