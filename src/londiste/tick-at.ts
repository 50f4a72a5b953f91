import type { Session } from '../db/session.js';

/**
 * Makes `snapshot`, the `pg_current_snapshot()` of a reader of the provider, the next tick of a queue; returns its id.
 * Undefined when a later tick was taken meanwhile: the reader takes a new snapshot and asks again. `session` is another
 * one than the reader's and not inside a REPEATABLE READ transaction.
 */
export async function tickAt(session: Session, queue: string, snapshot: string): Promise<number | undefined> {
  const { tick } = await session.one<{ tick: number | null }>(
    'select londiste.tick_at($1, $2::pg_snapshot) as tick',
    [queue, snapshot],
  );
  return tick ?? undefined;
}
