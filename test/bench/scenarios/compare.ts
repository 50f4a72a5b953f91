import { join } from 'node:path';
import { runCommand } from '../processes.js';
import { root } from '../project.js';
import type { Cluster } from '../cluster.js';
import type { Run } from '../run.js';
import type { Scenario, Size } from '../scenario.js';

const tries = 3;

/** Equal tables: what it costs to prove it, beside a COPY of the rows that nobody reads. */
export const compare: Scenario = {
  name: 'compare',
  summary: 'londiste compare of equal rows, beside COPY of the table to /dev/null on the slower side',
  peers: ['londiste'],
  tables: (size) => [
    {
      name: 'entry',
      columns: 'id bigint primary key, item text, amount integer, at timestamptz, note text',
      rows: `select n, 'item ' || n, n % 1000, timestamptz '2024-01-01 UTC' + n * interval '1 second', repeat(md5(n::text), 2)
               from generate_series(1, ${rowsOf(size)}) n`,
    },
  ],
  async measure(run) {
    const rows = rowsOf(run.size);
    const { provider, subscriber } = run.pair;
    for (const side of [provider, subscriber]) await side.execute('vacuum analyze entry');
    const copies: number[] = [];
    const compares: number[] = [];
    const cpu = { copies: [] as number[], compares: [] as number[] };
    for (let n = 0; n < tries; n += 1) {
      const [before, copied] = [run.cpuSeconds(), await copySeconds(provider, subscriber)];
      const [between, compared] = [run.cpuSeconds(), await compareSeconds(run)];
      copies.push(copied);
      compares.push(compared);
      cpu.copies.push(between - before);
      cpu.compares.push(run.cpuSeconds() - between);
    }
    const [copy, own] = [Math.min(...copies), Math.min(...compares)];
    const cpuTimes = Math.min(...cpu.compares) / Math.min(...cpu.copies);
    const details = { rows, copies, compares, cpu };
    run.measured(
      { metric: 'compare: copy to /dev/null', value: copy, unit: 's', better: 'lower', details },
      { metric: 'compare: equal rows', value: own, unit: 's', better: 'lower', details },
      { metric: 'compare: times copy', value: own / copy, unit: '×', better: 'lower', details },
      // Of both servers, for machines that are busy with something else: what the two COPYs take together.
      { metric: 'compare: times copy, CPU', value: cpuTimes, unit: '×', better: 'lower', details },
    );
  },
};

function rowsOf(size: Size): number {
  return size.of(5_000_000, 500_000);
}

/** Seconds of the slower side; one after the other, as nobody else is there. */
async function copySeconds(...sides: readonly Cluster[]): Promise<number> {
  const seconds: number[] = [];
  for (const side of sides) {
    const began = performance.now();
    await side.execute(`copy entry to '/dev/null'`);
    seconds.push((performance.now() - began) / 1000);
  }
  return Math.max(...seconds);
}

/** The command as it is typed, from its start to its end; fails when it finds a difference. */
async function compareSeconds({ pair }: Run): Promise<number> {
  const began = performance.now();
  await runCommand(process.execPath, [join(root, 'bin', 'londiste'), 'replica.ini', 'compare', 'entry'], {
    cwd: pair.folder,
  });
  return (performance.now() - began) / 1000;
}
