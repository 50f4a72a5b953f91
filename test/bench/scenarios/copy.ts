import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { differences } from '../equality.js';
import { runCommand } from '../processes.js';
import type { Run } from '../run.js';
import type { Scenario } from '../scenario.js';

const name = 'big';
const columns = 'id bigint not null, item text, amount integer, at timestamptz';
const key = `alter table ${name} add primary key (id)`;
const indexes = [`create index on ${name} (at)`, `create index on ${name} (amount, id)`];

/** The first copy of one large table with three indexes, beside what is done by hand, in one run on the same two servers. */
export const copy: Scenario = {
  name: 'copy',
  summary: 'the first copy of a table with three indexes: ours, native, COPY through a pipe, pg_dump',
  peers: ['native', 'londiste'],
  tables: () => [],
  async measure(run) {
    const rows = run.size.of(5_000_000, 500_000);
    await run.pair.provider.execute(
      `create table ${name} (${columns}); ${key};
       insert into ${name} select n, 'item number ' || n || repeat(' and more', 5), n % 100000, '2026-01-01'::timestamptz + n * interval '1 second'
         from generate_series(1, ${rows}) n`,
    );
    await run.pair.provider.execute(`vacuum analyze ${name}`);
    const replication = run.replication;
    if (replication?.copy === undefined) throw new Error(`${run.peer.name} copies nothing`);
    const theirs = (how: string, connections?: number): Promise<number> =>
      timed(run, how, true, () => replication.copy?.(name, { connections }) ?? Promise.resolve(0));
    if (run.peer.name !== 'londiste') {
      await theirs('copy');
      return;
    }
    const psql = programOf(run, 'psql');
    const dump = programOf(run, 'pg_dump');
    const restore = programOf(run, 'pg_restore');
    const times: Record<string, number> = {};
    // Before the table has our triggers, which would be in the dump.
    if (dump && restore)
      await timed(run, 'copy: pg_dump -j2, pg_restore -j2', undefined, () => byDump(run, dump, restore));
    if (psql)
      times['psql'] = await timed(run, 'copy: psql to psql, then indexes', false, () => byPsql(run, psql));
    times['two'] = await theirs('copy', 2);
    times['one'] = await theirs('copy over 1 connection', 1);
    if (psql) {
      times['psql'] = Math.min(
        times['psql'] ?? Infinity,
        await timed(run, 'copy: psql to psql, then indexes, once more', false, () => byPsql(run, psql)),
      );
    }
    for (const [metric, ours] of [
      ['copy over 2 connections, in times of psql to psql', times['two']],
      ['copy over 1 connection, in times of psql to psql', times['one']],
    ] as const) {
      if (times['psql'] === undefined) continue;
      run.measured({ metric, value: ours / times['psql'], unit: 'times', better: 'lower' });
    }
    await run.compare();
  },
};

/** Where a program of PostgreSQL is: beside the servers', or as Debian has it. */
function programOf(run: Run, program: string): string | undefined {
  const found = [join(run.binFolder, program)].find((path) => existsSync(path));
  if (found === undefined) console.log(`  without ${program}: not in ${run.binFolder} (try --pg-bin)`);
  return found;
}

/**
 * Times a copy into a table that is made anew on the subscriber: with its indexes, without, or not at all. Returns seconds;
 * throws when both sides differ afterwards.
 */
async function timed(
  run: Run,
  metric: string,
  hasIndexes: boolean | undefined,
  work: () => Promise<number>,
): Promise<number> {
  const { provider, subscriber } = run.pair;
  await subscriber.execute(`drop table if exists ${name}`);
  if (hasIndexes !== undefined) await subscriber.execute(`create table ${name} (${columns})`);
  if (hasIndexes === true) for (const statement of [key, ...indexes]) await subscriber.execute(statement);
  for (const cluster of [provider, subscriber]) await cluster.execute('checkpoint');
  const cpu = run.cpuSeconds();
  const seconds = await work();
  const busy = run.cpuSeconds() - cpu;
  const wrong = await differences(run.pair, [{ name, columns }]);
  if (wrong.length > 0) throw new Error(`${metric}: ${wrong.join('; ')}`);
  run.measured({ metric, value: seconds, unit: 's', better: 'lower', details: { cpuSeconds: busy } });
  await run.compare();
  return seconds;
}

async function byPsql(run: Run, psql: string): Promise<number> {
  const { provider, subscriber } = run.pair;
  const began = performance.now();
  const pipe = `"${psql}" -Xqc 'copy ${name} to stdout' '${provider.conninfo}' | "${psql}" -Xqc 'copy ${name} from stdin' '${subscriber.conninfo}'`;
  await runCommand('sh', ['-c', pipe]);
  await using session = await subscriber.open('bench indexes');
  for (const statement of [key, ...indexes]) await session.execute(statement);
  return (performance.now() - began) / 1000;
}

/** The indexes of the subscriber are not in the dump, so they are built by hand after it, as with psql. */
async function byDump(run: Run, dump: string, restore: string): Promise<number> {
  const { provider, subscriber, folder } = run.pair;
  const began = performance.now();
  const to = join(folder, 'dump');
  await runCommand(dump, ['-Fd', '-j2', '-Z0', '-t', name, '-f', to, '-d', provider.conninfo]);
  await runCommand(restore, ['-j2', '--no-owner', '-d', subscriber.conninfo, to]);
  await using session = await subscriber.open('bench indexes');
  for (const statement of indexes) await session.execute(statement);
  return (performance.now() - began) / 1000;
}
