import { cpuFor, drainSeconds } from './drain.js';
import type { Run } from './run.js';

/**
 * Runs statements in one transaction while apply runs, and measures how long they take, how much longer until all of it is on
 * the subscriber, and what rate the two make together. Both sides are compared before it returns.
 */
export async function timeStatements(
  run: Run,
  { metric, rows, statements }: { metric: string; rows: number; statements: readonly string[] },
): Promise<void> {
  await using session = await run.pair.provider.open('bench statement');
  const cpuBefore = run.cpuSeconds();
  const began = performance.now();
  if (statements.length > 1) await session.execute('begin');
  for (const statement of statements) await session.execute(statement);
  if (statements.length > 1) await session.execute('commit');
  const committed = performance.now();
  const seen = await run.caughtUp(drainSeconds(rows));
  const cpu = run.cpuSeconds() - cpuBefore;
  const [statement, catchUp, total] = [committed - began, seen - committed, seen - began].map(
    (ms) => ms / 1000,
  ) as [number, number, number];
  run.measured({
    metric,
    value: rows / total,
    unit: 'rows/s',
    better: 'higher',
    details: { rows, statement, catchUp },
  });
  run.measured({
    metric: `${metric}: statement`,
    value: (statement * 1e6) / rows,
    unit: 'µs/row',
    better: 'lower',
  });
  if (run.replication)
    run.measured({
      metric: `${metric}: catch-up`,
      value: (catchUp * 1e6) / rows,
      unit: 'µs/row',
      better: 'lower',
    });
  run.measured(cpuFor(metric, cpu, rows));
  await run.compare();
}
