import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { beforeAll, inject } from 'vitest';
import { oldestAndNewest } from '../../src/embedded/binaries.js';
import type { Server } from '../../src/embedded/server.js';
import { atEndOfFile } from './at-end.js';
import { quickSettings, startServer } from './clusters.js';
import type { Which } from './databases.js';

/**
 * A server for this file alone, to be stopped, crashed or turned into a standby; it runs from before the first test on. One
 * that is to write to a disk has its data on one.
 */
export function ownServer(which: Which, settings: Record<string, string> = quickSettings): () => Server {
  const serverFolder = inject('serverFolder');
  const folder = mkdtempSync(
    join(settings['fsync'] === 'off' ? serverFolder : tmpdir(), 'londiste-own-server-'),
  );
  let server: Server | undefined;
  beforeAll(async () => {
    const [oldest, newest] = await oldestAndNewest(process.env);
    server = await startServer(which === 'oldest' ? oldest : newest, {
      folder,
      serverFolder,
      settings,
    });
  }, 60_000);
  atEndOfFile(async () => {
    await server?.stop('immediate');
    rmSync(folder, { recursive: true, force: true });
  });
  return () => {
    if (server) return server;
    throw new Error('the server of this file has not been started yet');
  };
}
