import { sleep } from '../../../src/kernel/clock.js';
import { cpuSeconds, memoryOf } from '../proc.js';
import type { Cluster } from '../cluster.js';
import type { Run } from '../run.js';
import { withBare, type Scenario } from '../scenario.js';

/** Seconds in which what the setting-up has left to do comes to rest. */
const settleSeconds = 5;

interface Use {
  readonly daemons: number;
  readonly servers: number;
  readonly wal: number;
  readonly tables: number;
}

export const idle: Scenario = {
  name: 'idle',
  summary: 'nobody writes for 60 s: CPU seconds, WAL and memory, and whether tables of the peer grow',
  peers: withBare,
  tables: () => [
    {
      name: 'entry',
      columns: 'id integer primary key, item text',
      rows: `select n, 'item' from generate_series(1, 1000) n`,
    },
  ],
  async measure(run) {
    const seconds = run.size.of(60, 20);
    await run.caughtUp(60);
    const { provider, subscriber } = run.pair;
    for (const cluster of [provider, subscriber]) await cluster.execute('checkpoint');
    await sleep(settleSeconds * 1000);
    const before = await useOf(run);
    await sleep(seconds * 1000);
    const after = await useOf(run);
    const used = (what: keyof Use): number => after[what] - before[what];
    const lower = { better: 'lower', details: { seconds } } as const;
    if (run.replication && run.replication.daemons.length > 0) {
      const resident = run.replication.daemons.reduce(
        (sum, { pid }) => sum + (memoryOf(pid ?? 0)?.now ?? 0),
        0,
      );
      run.measured(
        {
          ...lower,
          metric: 'idle: CPU of the daemons',
          value: (100 * used('daemons')) / seconds,
          unit: '% of a core',
        },
        { ...lower, metric: 'idle: growth of its tables', value: used('tables') / 1024, unit: 'kB' },
        { ...lower, metric: 'idle: memory of all daemons', value: resident, unit: 'MB' },
      );
    }
    run.measured(
      {
        ...lower,
        metric: 'idle: CPU of both servers',
        value: (100 * used('servers')) / seconds,
        unit: '% of a core',
      },
      { ...lower, metric: 'idle: WAL of both servers', value: used('wal') / 1024, unit: 'kB' },
    );
  },
};

async function useOf(run: Run): Promise<Use> {
  const { provider, subscriber } = run.pair;
  const schemas = run.replication?.schemas ?? [];
  const sides = [provider, subscriber];
  // Looked at before the processes, so that the looking is not counted at the end, and is at the start.
  const wal = await total(sides, `select pg_current_wal_insert_lsn() - '0/0'::pg_lsn as value`);
  const tables = await total(
    sides,
    `select coalesce(sum(pg_total_relation_size(oid)), 0) as value from pg_class
      where relkind = 'r' and relnamespace in (select oid from pg_namespace where nspname = any ($1))`,
    [schemas],
  );
  return {
    daemons: (run.replication?.daemons ?? []).reduce((sum, { pid }) => sum + cpuSeconds(pid ?? 0), 0),
    servers: sides.reduce((sum, { pid }) => sum + cpuSeconds(pid), 0),
    wal,
    tables,
  };
}

async function total(
  sides: readonly Cluster[],
  query: string,
  values: readonly unknown[] = [],
): Promise<number> {
  const found = await Promise.all(sides.map((side) => side.query<{ value: string | number }>(query, values)));
  return found.reduce((sum, [row]) => sum + Number(row?.value ?? 0), 0);
}
