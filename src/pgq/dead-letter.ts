import type { Session } from '../db/session.js';

/** An event that a consumer has given up. */
export interface DeadLetter {
  readonly letter: number;
  readonly queue: string;
  readonly consumer: string;
  /** When it was given up; the server's text. */
  readonly time: string;
  readonly reason: string | null;
  readonly event: number;
  readonly type: string | null;
  readonly data: string | null;
}

/** The dead letters of a consumer of a queue, or of all; `most` of them at the most, data cut to `dataLength` characters. */
export async function getDeadEvents(
  session: Session,
  { queue, consumer }: { queue?: string | undefined; consumer?: string | undefined },
  { most, dataLength }: { most: number; dataLength: number },
): Promise<DeadLetter[]> {
  return session.query<DeadLetter>(
    `select d.dl_id as letter, q.queue_name as queue, d.dl_consumer as consumer, d.dl_time::text as time,
       d.dl_reason as reason, d.ev_id as event, d.ev_type as type, left(d.ev_data, $4) as data
     from pgq.get_dead_events($1, $2) d join pgq.queue q on q.queue_id = d.dl_queue
     order by d.dl_id limit $3`,
    [queue ?? null, consumer ?? null, most, dataLength],
  );
}

/** Gives a dead letter back to its consumer; returns the event's id. */
export async function deadRetry(session: Session, letter: number): Promise<number> {
  return (await session.one<{ id: number }>('select pgq.dead_retry($1) as id', [letter])).id;
}

/** Deletes dead letters, of all ages or older than an interval in the server's notation; returns how many. */
export async function deadPurge(
  session: Session,
  queue: string | undefined,
  consumer: string | undefined,
  olderThan: string | undefined,
): Promise<number> {
  const { n } = await session.one<{ n: number }>('select pgq.dead_purge($1, $2, $3::interval) as n', [
    queue ?? null,
    consumer ?? null,
    olderThan ?? null,
  ]);
  return n;
}
