import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Peer, PeerName, Table } from '../peer.js';
import { runCommand } from '../processes.js';
import { root, version } from '../project.js';
import { sentinel } from '../run.js';
import { londiste3 } from './londiste3.js';

const queue = 'bench';

/** Our capture alone, in one of its two forms. */
function ours(name: PeerName, capture: 'statement' | 'row'): Peer {
  return {
    ...captured,
    name,
    missing: () => undefined,
    version: () => `londiste ${version}, capture by ${capture}, nobody reads the queue`,
    async install({ provider, folder }, tables) {
      const ini = join(folder, 'capture.ini');
      writeFileSync(
        ini,
        `[londiste]\njob_name = capture\nprovider_db = ${provider.conninfo}\nsubscriber_db = ${provider.conninfo}\npgq_queue_name = ${queue}\n`,
      );
      const type = (...words: string[]): Promise<string> =>
        runCommand(process.execPath, [join(root, 'bin', 'londiste'), ini, 'provider', ...words], {
          cwd: folder,
        });
      await type('install');
      await type('add', '--capture', capture, ...captureOf(tables));
      return undefined;
    },
  };
}

const captured = { providerSettings: {}, copies: false, quickShare: 1 } as const;

export const byStatement = ours('capture', 'statement');
export const byRow = ours('capture-row', 'row');

/** Our PgQ alone; the scenario makes the triggers. */
export const pgq: Peer = {
  ...captured,
  name: 'pgq',
  missing: () => undefined,
  version: () => `schema pgq of londiste ${version}, nobody reads the queue`,
  async install({ provider, folder }) {
    const ini = join(folder, 'pgq.ini');
    writeFileSync(ini, `[pgqadm]\njob_name = pgq\ndb = ${provider.conninfo}\n`);
    await runCommand(process.execPath, [join(root, 'bin', 'pgqadm'), ini, 'install'], { cwd: folder });
    await provider.execute(`select pgq.create_queue('${queue}')`);
    return undefined;
  },
};

/** PgQ's own trigger in C, on the queue of the C extension. */
export const logutriga: Peer = {
  ...captured,
  name: 'logutriga',
  missing: (binaries) => londiste3.missing(binaries),
  version: () => 'pgq.logutriga of PgQ 3.5 in C, nobody reads the queue',
  async install({ provider }, tables) {
    await provider.execute(`create extension pgq; select pgq.create_queue('${queue}')`);
    for (const table of captureOf(tables)) {
      await provider.execute(`create trigger capture after insert or update or delete on ${table}
        for each row execute function pgq.logutriga('${queue}')`);
    }
    return undefined;
  },
};

/** All but the one that only tells how far replication has come. */
function captureOf(tables: readonly Table[]): string[] {
  return tables.map(({ name }) => name).filter((name) => name !== sentinel.name);
}
