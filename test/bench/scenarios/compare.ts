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
    for (let n = 0; n < tries; n += 1) {
      copies.push(Math.max(await copySeconds(provider), await copySeconds(subscriber)));
      compares.push(await compareSeconds(run));
    }
    const [copy, own] = [Math.min(...copies), Math.min(...compares)];
    const details = { rows, copies, compares };
    run.measured(
      { metric: 'compare: copy to /dev/null', value: copy, unit: 's', better: 'lower', details },
      { metric: 'compare: equal rows', value: own, unit: 's', better: 'lower', details },
      { metric: 'compare: times copy', value: own / copy, unit: '×', better: 'lower', details },
    );
  },
};

function rowsOf(size: Size): number {
  return size.of(5_000_000, 500_000);
}

async function copySeconds(side: Cluster): Promise<number> {
  const began = performance.now();
  await side.execute(`copy entry to '/dev/null'`);
  return (performance.now() - began) / 1000;
}

/** The command as it is typed, from its start to its end; fails when it finds a difference. */
async function compareSeconds({ pair }: Run): Promise<number> {
  const began = performance.now();
  await runCommand(process.execPath, [join(root, 'bin', 'londiste'), 'replica.ini', 'compare', 'entry'], {
    cwd: pair.folder,
  });
  return (performance.now() - began) / 1000;
}
