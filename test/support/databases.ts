import { randomBytes } from 'node:crypto';
import { expect, inject } from 'vitest';
import { Session, type ConnectSettings } from '../../src/db/session.js';
import { atEndOfFile } from './at-end.js';
import { openAsSuperuser, owner } from './clusters.js';
import { hasNode, templateOf, type Installed } from './templates.js';

export type Which = 'oldest' | 'newest';

/** To copy files, which 14 always does, is cheaper than to log every page. */
const byFiles = `select case when pg_catalog.current_setting('server_version_num')::int >= 150000
  then ' strategy file_copy' else '' end as how`;

interface DatabaseOptions {
  readonly encoding?: string;
  /** What it holds already, on a shared server. */
  readonly installed?: Installed;
}

/**
 * A new database on one of the two shared servers (or on `port`), empty unless said otherwise, owned by the role `app`. It
 * is dropped at the end of the file, which fails if a session of its was left open.
 */
export async function createDatabase(
  which: Which | { port: number },
  { encoding, installed }: DatabaseOptions = {},
): Promise<ConnectSettings> {
  const port = typeof which === 'string' ? inject('ports')[which] : which.port;
  // A process number comes back within a run.
  const database = `t_${randomBytes(6).toString('hex')}`;
  const other = encoding === undefined ? '' : ` encoding '${encoding}' locale 'C' template template0`;
  const from = installed === undefined ? '' : ` template ${templateOf(installed)}`;
  await asSuperuser(port, async (admin) => {
    const { how } = await admin.one<{ how: string }>(byFiles);
    await admin.execute(`create database ${database} owner ${owner}${other}${from}${how}`);
  });
  // One that is a copy of another is another node all the same.
  if (installed !== undefined && hasNode(installed))
    await asSuperuser(
      port,
      (admin) =>
        admin.execute(
          'update londiste.node set node_id = gen_random_uuid(), node_name = pg_catalog.current_database()',
        ),
      database,
    );
  if (typeof which === 'string') {
    atEndOfFile(async () => {
      await asSuperuser(port, async (admin) => {
        try {
          await eventuallyNoSessions(admin, database);
        } finally {
          // A transaction that stays open would keep other tests' queues from being rotated.
          await admin.execute(`drop database ${database} with (force)`);
        }
      });
    });
  }
  return { host: '127.0.0.1', port, user: owner, database };
}

async function eventuallyNoSessions(admin: Session, database: string): Promise<void> {
  let left: { application_name: string; query: string }[] = [];
  for (let tries = 0; tries < 50; tries += 1) {
    left = await admin.query(
      `select application_name, query from pg_stat_activity where datname = $1 and backend_type = 'client backend'`,
      [database],
    );
    if (left.length === 0) return;
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
  expect(left, 'sessions that a test left open').toEqual([]);
}

export async function asSuperuser<T>(
  port: number,
  work: (admin: Session) => Promise<T>,
  database?: string,
): Promise<T> {
  await using admin = await openAsSuperuser(port, database);
  return await work(admin);
}

/** A session of the test's own; close it with `await using` or `end()`. */
export function open(settings: ConnectSettings, applicationName = 'test'): Promise<Session> {
  return Session.open(settings, { side: 'database', applicationName });
}

/** A libpq keyword string for the settings, as an INI file has it. */
export function conninfo({ host, port, user, database }: ConnectSettings): string {
  return `dbname=${database} host=${host} port=${port} user=${user}`;
}
