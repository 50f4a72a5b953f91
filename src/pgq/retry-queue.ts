import type { Session } from '../db/session.js';

/** An event that a consumer wants to see again. */
export interface RetryEvent {
  readonly queue: string;
  readonly consumer: string | null;
  readonly id: number;
  /** The server's text, as are all times here. */
  readonly time: string;
  readonly due: string;
  readonly isDue: boolean;
  /** How often it has been put back. */
  readonly retries: number;
  readonly type: string | null;
  readonly data: string | null;
}

/** Which events of the retry queue are meant; what is not there stands for all. */
export interface RetryChoice {
  readonly queue?: string | undefined;
  readonly consumer?: string | undefined;
  readonly ids?: readonly number[] | undefined;
}

/**
 * The retry queue, what is due first; `most` at the most, data cut to `dataLength` characters. What a consumer has put
 * aside for a batch that it has not finished is not in it yet.
 */
export async function listRetryEvents(
  session: Session,
  { queue, consumer, ids }: RetryChoice,
  { most, dataLength }: { most: number; dataLength: number },
): Promise<RetryEvent[]> {
  return session.query<RetryEvent>(
    `select q.queue_name as queue, c.name as consumer, r.ev_id as id, r.ev_time::text as time,
       r.ev_retry_after::text as due, r.ev_retry_after <= current_timestamp as "isDue",
       coalesce(r.ev_retry, 0) as retries, r.ev_type as type, left(r.ev_data, $5) as data
     from pgq.retry_queue r
       join pgq.queue q on q.queue_id = r.ev_queue
       -- Workers that share a registration have its id too, and longer names.
       left join lateral (
         select c.co_name as name from pgq.subscription s join pgq.consumer c on c.co_id = s.sub_consumer
         where s.sub_id = r.ev_owner order by length(c.co_name), c.co_name limit 1
       ) c on true
     where r.ev_retry_after <> 'infinity' and ($1::text is null or q.queue_name = $1)
       and ($2::text is null or c.name = $2) and ($3::bigint[] is null or r.ev_id = any ($3))
     order by r.ev_retry_after, r.ev_id limit $4`,
    [queue ?? null, consumer ?? null, ids ?? null, most, dataLength],
  );
}

/** Makes events due at once; returns how many. */
export async function retryNow(session: Session, { queue, consumer, ids }: RetryChoice): Promise<number> {
  const { n } = await session.one<{ n: number }>('select pgq.retry_now($1, $2, $3) as n', [
    queue ?? null,
    consumer ?? null,
    ids ?? null,
  ]);
  return n;
}

/** Takes events out of the retry queue for good; returns how many. */
export async function retryDrop(session: Session, { queue, consumer, ids }: RetryChoice): Promise<number> {
  const { n } = await session.one<{ n: number }>('select pgq.retry_drop($1, $2, $3) as n', [
    queue ?? null,
    consumer ?? null,
    ids ?? null,
  ]);
  return n;
}
