import type { Queryable } from '../db/queryable.js';
import type { QueueEvent } from './cursor.js';

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
  readonly queue?: string | undefined;
  readonly consumer?: string | undefined;
}

/** How much of them. */
export interface DeadLetterLimits {
  /** Letters at the most; all by default. */
  readonly most?: number;
  /** Characters after which an event's data is cut; by default it is not. */
  readonly dataLength?: number;
}

/** Numbers and times as text: clients differ in what they make of them. */
interface Row extends Omit<QueueEvent, 'id' | 'time' | 'txid' | 'retries'> {
  readonly letter: string;
  readonly queue: string;
  readonly consumer: string;
  readonly died: string;
  readonly reason: string | null;
  readonly id: string;
  readonly time: string;
  readonly txid: string;
  readonly retries: string;
}

/** The dead letters of a consumer, or of many, the oldest first. Needs role pgq_reader. */
export async function getDeadEvents(
  client: Queryable,
  { queue, consumer }: DeadLetterFilter = {},
  { most, dataLength }: DeadLetterLimits = {},
): Promise<DeadLetter[]> {
  const { rows } = await client.query(
    `select d.dl_id::text as letter, q.queue_name as queue, d.dl_consumer as consumer,
       extract(epoch from d.dl_time)::text as died, d.dl_reason as reason,
       d.ev_id::text as id, extract(epoch from d.ev_time)::text as time, d.ev_txid::text as txid,
       coalesce(d.ev_retry, 0)::text as retries, d.ev_type as type,
       case when $4::integer is null then d.ev_data else left(d.ev_data, $4) end as data,
       d.ev_extra1 as extra1, d.ev_extra2 as extra2, d.ev_extra3 as extra3, d.ev_extra4 as extra4
     from pgq.get_dead_events($1, $2) d join pgq.queue q on q.queue_id = d.dl_queue
     order by d.dl_id limit $3::bigint`,
    [queue ?? null, consumer ?? null, most ?? null, dataLength ?? null],
  );
  return (rows as unknown as Row[]).map(
    ({ letter, queue: inQueue, consumer: of, died, reason, ...event }) => ({
      id: Number(letter),
      queue: inQueue,
      consumer: of,
      time: dateOf(died),
      reason,
      event: {
        ...event,
        id: Number(event.id),
        time: dateOf(event.time),
        txid: Number(event.txid),
        retries: Number(event.retries),
      },
    }),
  );
}

function dateOf(seconds: string): Date {
  return new Date(Number(seconds) * 1000);
}

/** Gives a dead letter back to its consumer, which sees the event again as if it had never been retried; returns the event's id. Needs role pgq_reader. */
export async function deadRetry(client: Queryable, letter: number): Promise<number> {
  const { rows } = await client.query('select pgq.dead_retry($1)::text as event', [letter]);
  return Number(rows[0]?.['event']);
}

/** Deletes dead letters, of all ages or older than an interval in the server's text; returns how many. Needs role pgq_admin. */
export async function deadPurge(
  client: Queryable,
  { queue, consumer, olderThan }: DeadLetterFilter & { readonly olderThan?: string | undefined } = {},
): Promise<number> {
  const { rows } = await client.query('select pgq.dead_purge($1, $2, $3::interval)::text as purged', [
    queue ?? null,
    consumer ?? null,
    olderThan ?? null,
  ]);
  return Number(rows[0]?.['purged']);
}
