import { readFileSync } from 'node:fs';
import { cpus, loadavg, release, totalmem, type as systemType } from 'node:os';
import { spawnSync } from 'node:child_process';
import type { Binaries } from '../../src/embedded/binaries.js';

/** What the figures were taken on, for whoever reads them elsewhere. */
export interface Machine {
  readonly processor: string;
  readonly cores: number;
  readonly memoryGB: number;
  readonly kernel: string;
  readonly system: string;
  readonly node: string;
  readonly postgres: string;
  /** Processes that wanted to run in the last minute, before ours: another's work makes figures worse. */
  readonly load: number;
}

export function describeMachine({ postgres }: Binaries): Machine {
  const all = cpus();
  const { stdout } = spawnSync(postgres, ['--version'], { encoding: 'utf8' });
  return {
    processor: all[0]?.model.trim() ?? 'unknown',
    cores: all.length,
    memoryGB: Math.round(totalmem() / 1024 ** 3),
    kernel: `${systemType()} ${release()}`,
    system: systemName(),
    node: process.version,
    postgres: stdout.trim().replace(/^postgres \(PostgreSQL\)/, 'PostgreSQL'),
    load: Number((loadavg()[0] ?? 0).toFixed(1)),
  };
}

function systemName(): string {
  try {
    return /^PRETTY_NAME="?([^"\n]*)/m.exec(readFileSync('/etc/os-release', 'utf8'))?.[1] ?? 'unknown';
  } catch {
    return 'unknown';
  }
}
