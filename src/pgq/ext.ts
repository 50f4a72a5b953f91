import type { Session } from '../db/session.js';

/** The tick up to which a consumer's work is committed in this database; undefined for one that has done none. */
export async function getLastTick(
  session: Session,
  consumer: string,
  subconsumer = '',
): Promise<number | undefined> {
  const { tick } = await session.one<{ tick: number | null }>(
    'select pgq_ext.get_last_tick($1, $2) as tick',
    [consumer, subconsumer],
  );
  return tick ?? undefined;
}

/** Notes, in the session's transaction, up to which tick a consumer's work is done; null forgets it. */
export async function setLastTick(
  session: Session,
  consumer: string,
  tickId: number | null,
  subconsumer = '',
): Promise<void> {
  await session.query('select pgq_ext.set_last_tick($1, $2, $3)', [consumer, subconsumer, tickId]);
}
