import type { Session } from '../db/session.js';

/**
 * What tells a queue from every other one of its name. A dump that is restored elsewhere and a standby that is promoted
 * keep it; a queue that is dropped and made again does not.
 */
export interface QueueSource {
  /** Of the server that the queue was made on. */
  readonly systemIdentifier: string;
  readonly database: string;
  readonly queueId: number;
  /**
   * The epochs of the ticks that were asked for, by when they began, in microseconds since 1970: the number of an epoch
   * comes again where a server is restored to a point in time twice. Null for a tick before the first epoch.
   */
  readonly epochs: readonly (number | null)[];
}

/** Where a queue and the epochs of some of its ticks come from; undefined when there is no such queue. */
export async function getSource(
  session: Session,
  queue: string,
  ticks: readonly number[],
): Promise<QueueSource | undefined> {
  const [source] = await session.query<QueueSource>(
    `select coalesce(
         (select e.system_identifier from pgq.epoch e where e.queue_id = q.queue_id order by e.epoch limit 1),
         (select c.system_identifier from pg_catalog.pg_control_system() c)
       )::text as "systemIdentifier",
       pg_catalog.current_database()::text as database, q.queue_id as "queueId",
       (select coalesce(json_agg((
           select (extract(epoch from e.since) * 1000000)::bigint from pgq.epoch e
           where e.queue_id = q.queue_id and e.epoch = pgq.get_epoch(q.queue_name, t.tick_id)
         ) order by t.n), '[]')
        from unnest($2::bigint[]) with ordinality t (tick_id, n)) as epochs
     from pgq.queue q where q.queue_name = $1`,
    [queue, ticks],
  );
  return source;
}
