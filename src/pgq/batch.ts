import type { Session } from '../db/session.js';

/** An open batch: the events between two ticks. Times are the server's text. */
export interface BatchInfo {
  readonly batchId: number;
  readonly prevTickId: number;
  readonly prevTickTime: string;
  readonly prevTickEventSeq: number;
  readonly curTickId: number;
  readonly curTickTime: string;
  readonly curTickEventSeq: number;
}

/** What a batch has to wait for. Intervals are the server's text, like `5 seconds`. */
export interface BatchLimits {
  /** How old its end must be. */
  readonly minLag?: string;
  /** How many events it must have, by the event sequence. */
  readonly minCount?: number;
  /** How long a time it must cover. */
  readonly minInterval?: string;
}

/** Opens the consumer's next batch, or returns the id of the open one; undefined when there is nothing to read yet. */
export async function nextBatch(
  session: Session,
  queue: string,
  consumer: string,
): Promise<number | undefined> {
  const { batch } = await session.one<{ batch: number | null }>('select pgq.next_batch($1, $2) as batch', [
    queue,
    consumer,
  ]);
  return batch ?? undefined;
}

/** As `nextBatch`, with the ticks that the batch lies between. */
export async function nextBatchInfo(
  session: Session,
  queue: string,
  consumer: string,
): Promise<BatchInfo | undefined> {
  return selectBatch(session, 'pgq.next_batch_info($1, $2)', [queue, consumer]);
}

/** As `nextBatchInfo`; several ticks make one batch until it is as large as `limits` ask. */
export async function nextBatchCustom(
  session: Session,
  queue: string,
  consumer: string,
  { minLag, minCount, minInterval }: BatchLimits,
): Promise<BatchInfo | undefined> {
  return selectBatch(session, 'pgq.next_batch_custom($1, $2, $3, $4, $5)', [
    queue,
    consumer,
    minLag ?? null,
    minCount ?? null,
    minInterval ?? null,
  ]);
}

async function selectBatch(
  session: Session,
  call: string,
  values: readonly unknown[],
): Promise<BatchInfo | undefined> {
  const row = await session.one<BatchInfo | { batchId: null }>(
    `select batch_id as "batchId",
       prev_tick_id as "prevTickId", prev_tick_time::text as "prevTickTime",
       prev_tick_event_seq as "prevTickEventSeq",
       cur_tick_id as "curTickId", cur_tick_time::text as "curTickTime",
       cur_tick_event_seq as "curTickEventSeq"
     from ${call}`,
    values,
  );
  return row.batchId === null ? undefined : row;
}

/** Closes a batch; false when there is none of that number (the server says so in a warning as well). */
export async function finishBatch(session: Session, batchId: number): Promise<boolean> {
  const { done } = await session.one<{ done: number }>('select pgq.finish_batch($1) as done', [batchId]);
  return done === 1;
}

/** The query that returns the events of a batch in the order of their ids, for COPY or a cursor. */
export async function batchEventSql(session: Session, batchId: number): Promise<string> {
  return (await session.one<{ sql: string }>('select pgq.batch_event_sql($1) as sql', [batchId])).sql;
}

/** What an open batch lies between; undefined when there is none of that number. */
export async function getBatchInfo(session: Session, batchId: number): Promise<BatchInfo | undefined> {
  return selectBatch(
    session,
    `(select case when i.tick_id is not null then $1::bigint end as batch_id,
        i.prev_tick_id, i.batch_start as prev_tick_time, i.seq_start as prev_tick_event_seq,
        i.tick_id as cur_tick_id, i.batch_end as cur_tick_time, i.seq_end as cur_tick_event_seq
      from pgq.get_batch_info($1) i) as b`,
    [batchId],
  );
}
