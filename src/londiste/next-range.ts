import type { Session } from '../db/session.js';
import type { Tick } from '../table/tick.js';

/** The ticks around the next batch. */
export interface NextRange {
  /** The tick asked for, as the queue has it now; undefined when it is gone. */
  readonly from: Tick | undefined;
  /** The tick that closes the next batch; undefined when there is no later one yet. */
  readonly to: Tick | undefined;
  /** The queue's last tick. */
  readonly head: Tick | undefined;
}

/** What lies after tick `after` and not beyond `last`, at most `mostEvents` events unless the very next tick closes more. */
export async function nextRange(
  session: Session,
  queue: string,
  { after, mostEvents, last }: { after: number; mostEvents: number; last?: number | undefined },
): Promise<NextRange> {
  const rows = await session.query<Tick & { role: keyof NextRange }>(
    `select role, tick_id as "tickId", tick_time as "tickTime", tick_snapshot as snapshot,
       tick_event_seq as "eventSeq", epoch
     from londiste.next_range($1, $2, $3, $4)`,
    [queue, after, mostEvents, last ?? null],
  );
  const tick = (role: keyof NextRange): Tick | undefined => rows.find((row) => row.role === role);
  return { from: tick('from'), to: tick('to'), head: tick('head') };
}
