import type { Session } from '../db/session.js';

/** What makes a database this one and no other, and whether it can be written to. */
export interface ServerIdentity {
  /** Equal for two sessions exactly when they are in the same database of the same running server. */
  readonly database: string;
  readonly inRecovery: boolean;
  readonly hasPgq: boolean;
  readonly hasLondiste: boolean;
}

export async function identify(session: Session): Promise<ServerIdentity> {
  const row = await session.one<{ database: string; in_recovery: boolean; pgq: boolean; londiste: boolean }>(
    `select concat_ws('/', s.system_identifier, d.oid, pg_postmaster_start_time()) as database,
            pg_is_in_recovery() as in_recovery,
            to_regnamespace('pgq') is not null as pgq,
            to_regclass('londiste.node') is not null as londiste
       from pg_control_system() s, pg_database d
      where d.datname = current_database()`,
  );
  return { database: row.database, inRecovery: row.in_recovery, hasPgq: row.pgq, hasLondiste: row.londiste };
}
