import type { Session } from '../db/session.js';
import type { Tick } from '../table/tick.js';

/** A tick of a queue, or undefined when the queue has none of that number (any more). */
export async function getTick(session: Session, queue: string, tickId: number): Promise<Tick | undefined> {
  const [tick] = await selectTicks(session, 't.tick_id = $2', [queue, tickId]);
  return tick;
}

/** The newest tick of a queue; undefined when there is no such queue, or no tick. */
export async function lastTick(session: Session, queue: string): Promise<Tick | undefined> {
  const [tick] = await selectTicks(session, 'true', [queue]);
  return tick;
}

async function selectTicks(session: Session, condition: string, values: readonly unknown[]): Promise<Tick[]> {
  return session.query<Tick>(
    `select t.tick_id as "tickId",
       -- As a session in UTC would print it, whatever this one's time zone is.
       (t.tick_time at time zone 'UTC')::text || '+00' as "tickTime",
       t.tick_snapshot::text as snapshot, t.tick_event_seq as "eventSeq",
       pgq.get_epoch(q.queue_name, t.tick_id) as epoch
     from pgq.queue q
       join pgq.tick t on t.tick_queue = q.queue_id
     where q.queue_name = $1 and ${condition}
     order by t.tick_queue desc, t.tick_id desc
     limit 1`,
    values,
  );
}
