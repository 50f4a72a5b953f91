import type { Session } from '../db/session.js';

/** The tick up to which a consumer's work is committed in this database; undefined for one that has done none. */
export async function getLastTick(session: Session, position: string): Promise<number | undefined> {
  const { tick } = await session.one<{ tick: number | null }>('select pgq_ext.get_last_tick($1) as tick', [
    position,
  ]);
  return tick ?? undefined;
}

/** Notes, in the session's transaction, up to which tick a consumer's work is done. */
export async function setLastTick(session: Session, position: string, tickId: number): Promise<void> {
  await session.query('select pgq_ext.set_last_tick($1, $2)', [position, tickId]);
}
