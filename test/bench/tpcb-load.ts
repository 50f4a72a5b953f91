import { existsSync } from 'node:fs';
import { join } from 'node:path';
import type { Cluster } from './cluster.js';
import { database } from './cluster.js';
import { runCommand } from './processes.js';
import type { Table } from './peer.js';

export const clients = 4;

export interface Load {
  /** The program; without it we send the transactions ourselves. */
  readonly pgbench: string | undefined;
  readonly scale: number;
  readonly seconds: number;
}

/** The tables of pgbench, with its number of rows for each unit of scale. The history gets a key, which nobody replicates without. */
export function tpcbTables(scale: number): Table[] {
  return [
    {
      name: 'pgbench_accounts',
      columns: 'aid integer primary key, bid integer, abalance integer, filler char(84)',
      rows: `select n, (n - 1) / 100000 + 1, 0, '' from generate_series(1, ${scale * 100_000}) n`,
    },
    {
      name: 'pgbench_branches',
      columns: 'bid integer primary key, bbalance integer, filler char(88)',
      rows: `select n, 0, null from generate_series(1, ${scale}) n`,
    },
    {
      name: 'pgbench_tellers',
      columns: 'tid integer primary key, bid integer, tbalance integer, filler char(84)',
      rows: `select n, (n - 1) / 10 + 1, 0, null from generate_series(1, ${scale * 10}) n`,
    },
    {
      name: 'pgbench_history',
      columns:
        'tid integer, bid integer, aid integer, delta integer, mtime timestamp, filler char(22), hid bigserial primary key',
    },
  ];
}

/** pgbench of this PostgreSQL, or of any other: it is the same program. The embedded packages come without it. */
export function findPgbench(binFolder: string): string | undefined {
  const folders = [binFolder, ...(process.env['PATH'] ?? '').split(':')];
  for (let major = 20; major >= 14; major -= 1) folders.push(`/usr/lib/postgresql/${major}/bin`);
  return folders.map((folder) => join(folder, 'pgbench')).find((path) => existsSync(path));
}

/** Runs TPC-B for some seconds; returns transactions per second. */
export async function runTpcb(provider: Cluster, { pgbench, scale, seconds }: Load): Promise<number> {
  if (pgbench === undefined) return await ownTpcb(provider, scale, seconds);
  return await runPgbench(provider, pgbench, ['-M', 'simple', '-c', String(clients), '-T', String(seconds)]);
}

/** Runs pgbench, with `settings` for its sessions; returns transactions per second. */
export async function runPgbench(
  provider: Cluster,
  pgbench: string,
  options: readonly string[],
  settings = '',
): Promise<number> {
  const { host, port, user } = provider.settings;
  const where = ['-h', host, '-p', String(port), '-U', user];
  const printed = await runCommand(pgbench, [...where, '-n', '-j', '2', ...options, database], {
    env: { PGOPTIONS: settings },
  });
  const tps = Number(/^tps = ([\d.]+)/m.exec(printed)?.[1]);
  if (!(tps > 0)) throw new Error(`no tps in what pgbench printed:\n${printed}`);
  return tps;
}

/** The same transactions over four connections of our own, which is slower than pgbench: compare it with itself only. */
async function ownTpcb(provider: Cluster, scale: number, seconds: number): Promise<number> {
  const began = performance.now();
  const end = began + seconds * 1000;
  const below = (most: number): number => 1 + Math.floor(Math.random() * most);
  const counts = await Promise.all(
    Array.from({ length: clients }, async () => {
      await using session = await provider.open('bench tpcb');
      let done = 0;
      for (; performance.now() < end; done += 1) {
        const [aid, tid, bid] = [below(scale * 100_000), below(scale * 10), below(scale)];
        const delta = below(10_000) - 5_000;
        await session.execute('begin');
        await session.execute(
          `update pgbench_accounts set abalance = abalance + ${delta} where aid = ${aid}`,
        );
        await session.query(`select abalance from pgbench_accounts where aid = ${aid}`);
        await session.execute(`update pgbench_tellers set tbalance = tbalance + ${delta} where tid = ${tid}`);
        await session.execute(
          `update pgbench_branches set bbalance = bbalance + ${delta} where bid = ${bid}`,
        );
        await session.execute(`insert into pgbench_history (tid, bid, aid, delta, mtime)
                               values (${tid}, ${bid}, ${aid}, ${delta}, current_timestamp)`);
        await session.execute('commit');
      }
      return done;
    }),
  );
  return counts.reduce((sum, count) => sum + count, 0) / ((performance.now() - began) / 1000);
}
