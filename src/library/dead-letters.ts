import type { Queryable } from './producer.js';
import type { QueueEvent } from '../pgq/cursor.js';

/** An event that a consumer has given up. */
export interface DeadLetter {
  /** The letter's own number. */
  readonly id: number;
  readonly queue: string;
  readonly consumer: string;
  /** When it was given up. */
  readonly time: Date;
  readonly reason: string | null;
  readonly event: QueueEvent;
}

/** Which letters; what is left out stands for all. */
export interface DeadLetterFilter {
  readonly queue?: string;
  readonly consumer?: string;
}

/** The dead letters of a consumer, or of many, the oldest first. Needs role pgq_reader, as all of these. */
export async function listDeadLetters(
  client: Queryable,
  { queue, consumer }: DeadLetterFilter = {},
): Promise<DeadLetter[]> {
  const { rows } = await client.query(
    `select d.dl_id::text as id, q.queue_name as queue, d.dl_consumer as consumer,
       extract(epoch from d.dl_time)::text as time, d.dl_reason as reason,
       d.ev_id::text as event_id, extract(epoch from d.ev_time)::text as event_time, d.ev_txid::text as txid,
       coalesce(d.ev_retry, 0) as retries, d.ev_type as type, d.ev_data as data,
       d.ev_extra1 as extra1, d.ev_extra2 as extra2, d.ev_extra3 as extra3, d.ev_extra4 as extra4
     from pgq.get_dead_events($1, $2) d join pgq.queue q on q.queue_id = d.dl_queue order by d.dl_id`,
    [queue ?? null, consumer ?? null],
  );
  return rows.map((row) => {
    const { id, time, event_id, event_time, txid, retries, reason, ...rest } = row as unknown as Row;
    const { queue: inQueue, consumer: of, type, data, extra1, extra2, extra3, extra4 } = rest;
    return {
      id: Number(id),
      queue: inQueue,
      consumer: of,
      time: dateOf(time),
      reason,
      event: {
        id: Number(event_id),
        time: dateOf(event_time),
        txid: Number(txid),
        retries: Number(retries),
        type,
        data,
        extra1,
        extra2,
        extra3,
        extra4,
      },
    };
  });
}

interface Row extends Omit<QueueEvent, 'id' | 'time' | 'txid' | 'retries'> {
  readonly id: string;
  readonly queue: string;
  readonly consumer: string;
  readonly time: string;
  readonly reason: string | null;
  readonly event_id: string;
  readonly event_time: string;
  readonly txid: string;
  readonly retries: number | string;
}

function dateOf(seconds: string): Date {
  return new Date(Number(seconds) * 1000);
}

/** Gives a dead letter back to its consumer, which sees the event again as if it had never been retried; returns the event's id. */
export async function retryDeadLetter(client: Queryable, id: number): Promise<number> {
  const { rows } = await client.query('select pgq.dead_retry($1)::text as event', [id]);
  return Number(rows[0]?.['event']);
}

/** Deletes dead letters that are older than so many seconds; returns how many. Needs role pgq_admin. */
export async function purgeDeadLetters(
  client: Queryable,
  { queue, consumer, olderThanSeconds }: DeadLetterFilter & { readonly olderThanSeconds?: number } = {},
): Promise<number> {
  const { rows } = await client.query(
    'select pgq.dead_purge($1, $2, make_interval(secs => $3))::text as purged',
    [queue ?? null, consumer ?? null, olderThanSeconds ?? null],
  );
  return Number(rows[0]?.['purged']);
}
