/** Starts one server of the oldest and one of the newest major for the whole run; each test file makes its own databases. */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { TestProject } from 'vitest/node';
import { Session } from '../../src/db/session.js';
import { oldestAndNewest, type Binaries } from '../../src/embedded/binaries.js';
import { Server, freePort, superuser } from '../../src/embedded/server.js';
import { createTemplates } from './templates.js';

declare module 'vitest' {
  export interface ProvidedContext {
    ports: { oldest: number; newest: number };
  }
}

/** The role that owns every test database: no superuser, may not create roles or databases. */
export const owner = 'app';

/** Settings of a server that need not survive a crash of the machine, only of itself. */
export const quickSettings = {
  fsync: 'off',
  max_connections: '200',
  max_prepared_transactions: '10',
  shared_buffers: '64MB',
  autovacuum_naptime: '5s',
};

export default async function setup(project: TestProject): Promise<() => Promise<void>> {
  const folder = mkdtempSync(join(tmpdir(), 'londiste-test-'));
  const servers = await Promise.all(
    (await oldestAndNewest(process.env)).map(async (binaries, n) => {
      const server = await startServer(binaries, join(folder, String(n)));
      await createTemplates(server.port, owner);
      return server;
    }),
  );
  const [oldest, newest] = servers;
  if (!oldest || !newest) throw new Error('two servers were asked for');
  project.provide('ports', { oldest: oldest.port, newest: newest.port });
  return async () => {
    await Promise.all(servers.map((server) => server.stop('immediate')));
    rmSync(folder, { recursive: true, force: true });
  };
}

/** A server of its own for a test that stops or kills it, with the role `app` in it. */
export async function startServer(
  binaries: Binaries,
  folder: string,
  settings: Record<string, string> = quickSettings,
): Promise<Server> {
  const server = new Server({ binaries, folder, port: await freePort(), settings });
  await server.initialise();
  await server.start();
  await using session = await Session.open(
    { host: '127.0.0.1', port: server.port, user: superuser, database: 'postgres' },
    { side: 'server', applicationName: 'test' },
  );
  await session.execute(`create role ${owner} login`);
  return server;
}
