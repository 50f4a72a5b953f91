import type { Session } from '../db/session.js';
import { requireSchema } from '../install/install.js';
import { LondisteError } from '../kernel/errors.js';

/** A database that the ticker could serve. */
export interface FoundDatabase {
  readonly name: string;
  /** Whether our role has the right to connect to it. */
  readonly mayConnect: boolean;
}

/** The databases of the server that take connections, without templates, by name. */
export async function findDatabases(session: Session): Promise<FoundDatabase[]> {
  return session.query<FoundDatabase>(
    `select datname as name, has_database_privilege(oid, 'connect') as "mayConnect"
       from pg_database where datallowconn and not datistemplate order by datname`,
  );
}

/** What a ticker finds in a database: queues that it can serve, no PgQ, a PgQ that it cannot serve, or a closed door. */
export type Found =
  | { readonly state: 'ready'; readonly version: string }
  | { readonly state: 'no pgq' }
  | { readonly state: 'closed' }
  | { readonly state: 'unusable'; readonly why: string };

/** Looks whether the session's database is one to serve. */
export async function lookAt(session: Session): Promise<Found> {
  const { open, ours, other } = await session.one<{ open: boolean; ours: boolean; other: boolean }>(
    `select datallowconn as open, to_regclass('pgq.installation') is not null as ours,
       to_regclass('pgq.queue') is not null as other
     from pg_database where datname = current_database()`,
  );
  if (!open) return { state: 'closed' };
  if (!ours && !other) return { state: 'no pgq' };
  if (!ours) return { state: 'unusable', why: 'schema pgq was made by another program' };
  try {
    await requireSchema(session, 'pgq', 'pgqadm CONFIG upgrade');
  } catch (thrown) {
    if (thrown instanceof LondisteError && (thrown.kind === 'outdated' || thrown.kind === 'refused'))
      return { state: 'unusable', why: `${thrown.message}; ${thrown.hint}` };
    throw thrown;
  }
  const { version } = await session.one<{ version: string }>('select pgq.version() as version');
  return { state: 'ready', version };
}
