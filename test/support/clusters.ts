/** Starts one server of the oldest and one of the newest major for the whole run; each test file makes its own databases. */
import { rmSync } from 'node:fs';
import { cp } from 'node:fs/promises';
import { join } from 'node:path';
import type { TestProject } from 'vitest/node';
import { Session } from '../../src/db/session.js';
import { oldestAndNewest, type Binaries } from '../../src/embedded/binaries.js';
import { Server, freePort, superuser } from '../../src/embedded/server.js';
import { makeServerFolder } from './server-folder.js';
import { createTemplates } from './templates.js';

declare module 'vitest' {
  export interface ProvidedContext {
    ports: { oldest: number; newest: number };
    /** Of this run; all of it goes at its end. */
    serverFolder: string;
  }
}

/** The role that owns every test database: no superuser, may not create roles or databases. */
export const owner = 'app';

/** Another one, which owns nothing and may do what a test grants. The owner sees and cancels its statements. */
export const guest = 'guest';

/** Settings of a server that need not survive a crash of the machine, only of itself. */
export const quickSettings = {
  fsync: 'off',
  full_page_writes: 'off',
  max_wal_size: '256MB',
  max_connections: '200',
  max_prepared_transactions: '10',
  shared_buffers: '64MB',
  autovacuum_naptime: '20s',
};

export default async function setup(project: TestProject): Promise<() => Promise<void>> {
  const serverFolder = makeServerFolder(process.env);
  const both = await oldestAndNewest(process.env);
  await Promise.all([...new Set(both)].map((binaries) => pristine(serverFolder, binaries).initialise()));
  const servers = await Promise.all(
    both.map(async (binaries, n) => {
      const server = await startServer(binaries, { folder: join(serverFolder, String(n)), serverFolder });
      await createTemplates(server.port, owner);
      return server;
    }),
  );
  const [oldest, newest] = servers;
  if (!oldest || !newest) throw new Error('two servers were asked for');
  project.provide('ports', { oldest: oldest.port, newest: newest.port });
  project.provide('serverFolder', serverFolder);
  return async () => {
    const left = await Promise.all(servers.map(leftOn));
    await Promise.all(servers.map((server) => server.stop('immediate')));
    rmSync(serverFolder, { recursive: true, force: true });
    const names = left.flat();
    if (names.length === 0) return;
    console.error(`tests left on the shared servers: ${names.join(', ')}`);
    // What is thrown here is shown, and the run passes all the same.
    process.exitCode = 1;
  };
}

/** Databases and roles of tests, which end with their files. */
async function leftOn({ port }: Server): Promise<string[]> {
  await using session = await openAsSuperuser(port);
  const rows = await session.query<{ name: string }>(
    `select datname as name from pg_database where datname !~ '^(template[01]|postgres|installed_[a-z]+)$'
     union all select rolname from pg_roles where rolname !~ '^pg_' and rolname not in ($1, $2, $3)`,
    [superuser, owner, guest],
  );
  return rows.map(({ name }) => name);
}

export function openAsSuperuser(port: number, database = 'postgres'): Promise<Session> {
  return Session.open(
    { host: '127.0.0.1', port, user: superuser, database },
    { side: 'database', applicationName: 'test' },
  );
}

/** Never started: initdb takes longer than to copy what it makes. */
function pristine(serverFolder: string, binaries: Binaries): Server {
  return new Server({ binaries, folder: join(serverFolder, `initialised-${binaries.major}`), port: 0 });
}

interface NewServer {
  /** Its own. */
  readonly folder: string;
  /** That of the run. */
  readonly serverFolder: string;
  readonly settings?: Readonly<Record<string, string>>;
}

/** A new server with the role `app` in it. */
export async function startServer(
  binaries: Binaries,
  { folder, serverFolder, settings = quickSettings }: NewServer,
): Promise<Server> {
  const server = new Server({ binaries, folder, port: await freePort(), settings });
  await cp(pristine(serverFolder, binaries).dataFolder, server.dataFolder, { recursive: true });
  await server.start();
  await using session = await openAsSuperuser(server.port);
  await session.execute(`create role ${owner} login; create role ${guest} login; grant ${guest} to ${owner}`);
  return server;
}
