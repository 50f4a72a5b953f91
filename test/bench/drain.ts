import type { NextChange } from './changes.js';
import { makeChanges } from './changes.js';
import type { Measured } from './figures.js';
import type { Run } from './run.js';

/**
 * Piles up changes while apply is stopped, and the rest of the peer goes on, then measures how fast they are applied: from
 * the command that starts apply until the last change is seen on the subscriber.
 */
export async function drain(
  run: Run,
  { metric, changes, writers }: { metric: string; changes: number; writers: readonly NextChange[] },
): Promise<void> {
  await run.replication?.stopApply();
  const made = await makeChanges(run.pair.provider, changes, writers);
  const last = await run.mark();
  const cpuBefore = run.cpuSeconds();
  const began = performance.now();
  await run.replication?.startApply();
  const seconds = ((await run.seen(last, drainSeconds(changes))) - began) / 1000;
  const cpu = run.cpuSeconds() - cpuBefore;
  run.measured({
    metric,
    value: changes / seconds,
    unit: 'events/s',
    better: 'higher',
    details: { changes, seconds, madeInSeconds: made },
  });
  run.measured(cpuFor(metric, cpu, changes));
}

/** What both servers and all daemons worked for one event: it depends less on what else the machine does than time does. */
export function cpuFor(metric: string, seconds: number, events: number): Measured {
  return { metric: `${metric}: CPU`, value: (seconds * 1e6) / events, unit: 'µs/event', better: 'lower' };
}

/** The patience that a peer deserves: as if it applied 1,000 changes a second, and a minute. */
export function drainSeconds(changes: number): number {
  return 60 + changes / 1000;
}
