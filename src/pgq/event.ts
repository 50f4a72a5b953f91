import type { Session } from '../db/session.js';

/** An event as a producer gives it. */
export interface NewEvent {
  readonly type: string | null;
  readonly data: string | null;
  readonly extra1?: string | null;
  readonly extra2?: string | null;
  readonly extra3?: string | null;
  readonly extra4?: string | null;
}

/** Writes an event in the session's transaction and returns its id. */
export async function insertEvent(session: Session, queue: string, event: NewEvent): Promise<number> {
  const { type, data, extra1 = null, extra2 = null, extra3 = null, extra4 = null } = event;
  const { id } = await session.one<{ id: number }>(
    'select pgq.insert_event($1, $2, $3, $4, $5, $6, $7) as id',
    [queue, type, data, extra1, extra2, extra3, extra4],
  );
  return id;
}

/** The table that events of a queue are to be written to in this transaction, ready to be put into SQL. */
export async function currentEventTable(session: Session, queue: string): Promise<string> {
  return (await session.one<{ name: string }>('select pgq.current_event_table($1) as name', [queue])).name;
}
