import { drainSeconds } from '../drain.js';
import type { Measured } from '../figures.js';
import type { Replication } from '../peer.js';
import type { Run } from '../run.js';
import { withBare, type Scenario } from '../scenario.js';
import { findPgbench, runTpcb, tpcbTables, type Load } from '../tpcb-load.js';

const scale = 10;

/** Changes of one transaction: three updates and an insert. */
const changesEach = 4;

export const tpcb: Scenario = {
  name: 'tpcb',
  summary:
    'TPC-B, scale 10, 4 clients: what is left of the transactions while replicating, and with apply stopped',
  peers: withBare,
  tables: () => tpcbTables(scale),
  async measure(run) {
    const pgbench = findPgbench(run.binFolder);
    const load: Load = { pgbench, scale, seconds: run.size.of(30, 10) };
    await runTpcb(run.pair.provider, { ...load, seconds: load.seconds / 5 });
    const { replication } = run;
    if (replication) {
      await whileReplicating(run, load);
      await run.compare();
      await whileStopped(run, replication, load);
    } else {
      const cpuBefore = run.cpuSeconds();
      const tps = await runTpcb(run.pair.provider, load);
      // Under the names of both, so that each has its share of it.
      run.measured(rate('tpcb live', tps, load), rate('tpcb apply stopped', tps, load));
      run.measured(cpuEach(run.cpuSeconds() - cpuBefore, tps * load.seconds));
    }
  },
};

async function whileReplicating(run: Run, load: Load): Promise<void> {
  const cpuBefore = run.cpuSeconds();
  const tps = await runTpcb(run.pair.provider, load);
  const ended = performance.now();
  const transactions = tps * load.seconds;
  const behind = ((await run.caughtUp(drainSeconds(transactions * changesEach))) - ended) / 1000;
  run.measured(
    rate('tpcb live', tps, load),
    { metric: 'tpcb live: behind at the end', value: behind, unit: 's', better: 'lower' },
    cpuEach(run.cpuSeconds() - cpuBefore, transactions),
  );
}

async function whileStopped(run: Run, replication: Replication, load: Load): Promise<void> {
  await replication.stopApply();
  const tps = await runTpcb(run.pair.provider, load);
  const changes = tps * load.seconds * changesEach;
  const last = await run.mark();
  const began = performance.now();
  await replication.startApply();
  const seconds = ((await run.seen(last, drainSeconds(changes))) - began) / 1000;
  run.measured(rate('tpcb apply stopped', tps, load), {
    metric: 'tpcb backlog',
    value: changes / seconds,
    unit: 'events/s',
    better: 'higher',
    details: { changes },
  });
}

function rate(metric: string, tps: number, { pgbench, seconds }: Load): Measured {
  const driver = pgbench ?? 'the bench itself: no pgbench here (Debian: postgresql-15)';
  return { metric, value: tps, unit: 'tps', better: 'higher', details: { driver, seconds } };
}

function cpuEach(seconds: number, transactions: number): Measured {
  const value = (seconds * 1e6) / transactions;
  return { metric: 'tpcb live: CPU', value, unit: 'µs/transaction', better: 'lower' };
}
