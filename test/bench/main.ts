import { mkdirSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import type { Binaries } from '../../src/embedded/binaries.js';
import { help, parseArguments, type Arguments } from './arguments.js';
import { runCell, type CellOptions } from './cell.js';
import { cleanUpOnSignals, onExit, releaseAll, unlessEnding } from './cleanup.js';
import { commonSettings } from './cluster.js';
import { describeMachine } from './machine.js';
import type { Peer } from './peer.js';
import { choosePostgres } from './postgres.js';
import { headline, tableOf, type Facts } from './report.js';
import { Results } from './results.js';
import type { Size } from './scenario.js';

async function main(): Promise<void> {
  const typed = parseArguments(process.argv.slice(2));
  if (typed.help) {
    process.stdout.write(help);
    return;
  }
  cleanUpOnSignals();
  try {
    process.exitCode = (await bench(typed)) ? 0 : 1;
  } finally {
    await releaseAll();
  }
}

/** Everything that was asked for; whether all of it worked, and was equal. */
async function bench(typed: Arguments): Promise<boolean> {
  const began = new Date();
  const binaries = await choosePostgres(typed);
  const peers = typed.peers.filter((peer) => canRun(peer, binaries));
  if (peers.length === 0) throw new Error('none of the peers that were asked for can run here');
  const settings = commonSettings(typed.fsync);
  const facts: Facts = {
    began: began.toISOString(),
    machine: describeMachine(binaries),
    sizes: typed.quick ? 'quick' : 'full',
    settings,
    peers: Object.fromEntries(peers.map((peer) => [peer.name, peer.version()])),
  };
  const results = new Results(began);
  results.add(facts);
  const size: Size = { quick: typed.quick, of: (full, quick) => (typed.quick ? quick : full) };
  const common = { size, binaries, commonSettings: settings, folder: makeFolder(typed.folder) };
  for (const scenario of typed.scenarios) {
    for (const peer of peers) {
      if (!scenario.peers.includes(peer.name)) continue;
      await runAndKeep({ ...common, scenario, peer }, results);
    }
  }
  const names = peers.map(({ name }) => name);
  const text = `${headline(facts)}\n\n${tableOf(results.figures, names)}\n`;
  results.keepTable(text);
  console.log(`\n${text}\nraw figures: ${results.where}`);
  if (results.failures > 0)
    console.error(`${results.failures} did not work, or left the two sides different`);
  return results.failures === 0;
}

/** One scenario with one peer; that one fails does not end the run. */
async function runAndKeep(cell: Omit<CellOptions, 'keepLogs'>, results: Results): Promise<void> {
  const { scenario, peer } = cell;
  const what = `${scenario.name} with ${peer.name}`;
  const began = performance.now();
  const keepLogs = (from: string): void => {
    console.error(`  logs: ${results.keepLogs(from, `${scenario.name}-${peer.name}`)}`);
  };
  try {
    for (const figure of await runCell({ ...cell, keepLogs })) results.addFigure(figure);
  } catch (error) {
    await unlessEnding();
    console.error(`  FAILED: ${what}: ${String(error)}`);
    results.addFailure({ scenario: scenario.name, peer: peer.name, failed: String(error) });
  }
  console.log(`${what}: ${Math.round((performance.now() - began) / 1000)} s`);
}

function canRun(peer: Peer, binaries: Binaries): boolean {
  const reason = peer.missing(binaries);
  if (reason !== undefined) console.log(`without ${peer.name}: ${reason}`);
  return reason === undefined;
}

function makeFolder(within = tmpdir()): string {
  mkdirSync(within, { recursive: true });
  const folder = mkdtempSync(join(resolve(within), 'londiste-bench-'));
  onExit(() => rmSync(folder, { recursive: true, force: true, maxRetries: 20, retryDelay: 100 }));
  return folder;
}

main().catch((error: unknown) => {
  console.error(error instanceof Error ? error.message : error);
  process.exitCode = 1;
});
