import type { Session } from '../db/session.js';
import { installSchema, type Installation } from './install.js';

/** Schemas beside pgq: workers that share a consumer, and what consumers record in another database. */
export type Companion = 'pgq_coop' | 'pgq_ext';

export const companions: readonly Companion[] = ['pgq_coop', 'pgq_ext'];

/**
 * Installs or upgrades the schemas beside pgq, which must be there.
 *
 * @throws LondisteError what `installSchema` throws.
 */
export async function installCompanions(session: Session): Promise<Record<Companion, Installation>> {
  return {
    pgq_coop: await installSchema(session, 'pgq_coop'),
    pgq_ext: await installSchema(session, 'pgq_ext'),
  };
}

/**
 * Drops the schemas beside pgq that we installed, and no others. Workers stay registered as the consumers of pgq that
 * they are. Returns those that were there.
 */
export async function uninstallCompanions(session: Session): Promise<Companion[]> {
  const dropped: Companion[] = [];
  for (const schema of companions) {
    const { ours } = await session.one<{ ours: boolean }>(`select to_regclass($1) is not null as ours`, [
      `${schema}.installation`,
    ]);
    if (!ours) continue;
    await session.execute(`drop schema ${schema} cascade`);
    dropped.push(schema);
  }
  return dropped;
}
