import { mkdirSync, rmSync } from 'node:fs';
import { dirname, join } from 'node:path';
import type { Binaries } from '../../src/embedded/binaries.js';
import { Cluster, type Pair } from './cluster.js';
import type { Figure } from './figures.js';
import type { Peer, Table } from './peer.js';
import { Run, sentinel } from './run.js';
import type { Scenario, Size } from './scenario.js';

export interface CellOptions {
  readonly scenario: Scenario;
  readonly peer: Peer;
  readonly size: Size;
  readonly binaries: Binaries;
  readonly commonSettings: Record<string, string>;
  /** Of the run; the cell has one of its own in it while it lasts. */
  readonly folder: string;
  /** Gets the logs of daemons and servers when it fails. */
  readonly keepLogs: (folder: string) => void;
}

/**
 * One scenario with one peer, on two servers that nobody else has used. Nothing of them runs, or is there, when it returns or
 * throws.
 */
export async function runCell(options: CellOptions): Promise<Figure[]> {
  const { scenario, peer, size, binaries } = options;
  const folder = join(options.folder, `${scenario.name}-${peer.name}`);
  const clusters: Cluster[] = [];
  const start = async (side: 'provider' | 'subscriber', more: Record<string, string>): Promise<Cluster> => {
    const settings = { ...options.commonSettings, ...more };
    const templates = join(options.folder, 'templates');
    const cluster = await Cluster.start({ side, folder, templates, binaries, settings });
    clusters.push(cluster);
    return cluster;
  };
  mkdirSync(folder);
  try {
    const provider = await start('provider', peer.providerSettings);
    const subscriber = await start('subscriber', {});
    const pair: Pair = { provider, subscriber, folder };
    return await measure({ scenario, peer, size, pair, binFolder: dirname(binaries.postgres) });
  } catch (error) {
    options.keepLogs(folder);
    throw error;
  } finally {
    for (const cluster of clusters.reverse()) await cluster.stop();
    rmSync(folder, { recursive: true, force: true });
  }
}

async function measure({
  scenario,
  peer,
  size,
  pair,
  binFolder,
}: {
  scenario: Scenario;
  peer: Peer;
  size: Size;
  pair: Pair;
  binFolder: string;
}): Promise<Figure[]> {
  const tables = [...scenario.tables(size), sentinel];
  for (const table of tables) await create(table, pair, peer);
  const replication = await peer.install(pair, tables);
  const run = new Run({ scenario: scenario.name, peer, pair, tables, size, replication, binFolder });
  try {
    // Whoever put the rows there, the planner knows of them, and nobody pays for the other's unfinished business.
    for (const cluster of [pair.provider, pair.subscriber]) {
      await cluster.execute('vacuum analyze');
      await cluster.execute('checkpoint');
    }
    await run.caughtUp(60);
    await scenario.measure(run);
    await run.finish();
    return run.figures;
  } finally {
    run.end();
    await replication?.stop();
  }
}

async function create(
  { name, columns, rows }: Table,
  { provider, subscriber }: Pair,
  peer: Peer,
): Promise<void> {
  const definition = `create table ${name} (${columns})`;
  const filling = rows === undefined ? '' : `; insert into ${name} ${rows}`;
  await Promise.all([
    provider.execute(definition + filling),
    subscriber.execute(definition + (peer.copies ? '' : filling)),
  ]);
}
