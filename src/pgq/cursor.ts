import type { Session } from '../db/session.js';

/** An event of a batch. */
export interface QueueEvent {
  /** Unique within the queue; ids grow in the order in which producers drew them. */
  readonly id: number;
  /** When it was put in, by the server's clock. */
  readonly time: Date;
  /** The transaction that put it in. */
  readonly txid: number;
  /** How often this consumer has retried it. */
  readonly retries: number;
  readonly type: string | null;
  readonly data: string | null;
  readonly extra1: string | null;
  readonly extra2: string | null;
  readonly extra3: string | null;
  readonly extra4: string | null;
}

/** Opens a cursor over the events of a batch, in the session's transaction, and reads none of them. */
export async function getBatchCursor(session: Session, batchId: number, cursor: string): Promise<void> {
  await session.query('select from pgq.get_batch_cursor($1, $2, 0)', [batchId, cursor]);
}

/** The next events of a cursor, of `bytes` and one event together at most; none at its end. */
export async function fetchEvents(session: Session, cursor: string, bytes: number): Promise<QueueEvent[]> {
  const rows = await session.query<QueueEvent>(
    `select ev_id as id, extract(epoch from ev_time)::float8 as time, ev_txid as txid, coalesce(ev_retry, 0) as retries,
       ev_type as type, ev_data as data, ev_extra1 as extra1, ev_extra2 as extra2, ev_extra3 as extra3, ev_extra4 as extra4
     from pgq.fetch_events($1, $2) as e (ev_id bigint, ev_time timestamptz, ev_txid bigint, ev_retry integer,
       ev_type text, ev_data text, ev_extra1 text, ev_extra2 text, ev_extra3 text, ev_extra4 text)`,
    [cursor, bytes],
  );
  // The driver makes one object of each row; another one for the sake of its time would cost as much again.
  for (const row of rows as { time: unknown }[]) row.time = new Date((row.time as number) * 1000);
  return rows;
}
