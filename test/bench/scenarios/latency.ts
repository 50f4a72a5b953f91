import { sleep } from '../../../src/kernel/clock.js';
import type { Run } from '../run.js';
import { replicating, type Scenario } from '../scenario.js';

const perSecond = 20;

/** Milliseconds between two looks at the subscriber. It costs every peer the same, and bounds what can be told apart. */
const lookMs = 1;

/** From the moment before the insert is sent until the row is seen on the subscriber; the commit's flush is part of it. */
export const latency: Scenario = {
  name: 'latency',
  summary: '20 one-row inserts a second: how long until each is seen on the subscriber',
  peers: replicating,
  tables: () => [{ name: 'entry', columns: 'id integer primary key, item text' }],
  async measure(run) {
    const milliseconds = await measureEach(run, run.size.of(30, 10) * perSecond);
    milliseconds.sort((a, b) => a - b);
    for (const [name, share] of [
      ['p50', 0.5],
      ['p99', 0.99],
    ] as const) {
      const value = milliseconds[Math.floor(milliseconds.length * share)] ?? Infinity;
      run.measured({
        metric: `latency ${name}`,
        value,
        unit: 'ms',
        better: 'lower',
        details: { of: milliseconds.length },
      });
    }
  },
};

async function measureEach(run: Run, count: number): Promise<number[]> {
  await run.caughtUp(60);
  const sent = new Map<number, number>();
  const [milliseconds] = await Promise.all([readAll(run, count, sent), writeAll(run, count, sent)]);
  return milliseconds;
}

async function writeAll(run: Run, count: number, sent: Map<number, number>): Promise<void> {
  await using provider = await run.pair.provider.open('bench writer');
  const began = performance.now();
  for (let id = 1; id <= count; id += 1) {
    // Not in step with anybody's period: a peer that looks every 50 ms must not always be met at the same moment.
    const due = began + ((id - 1 + Math.random() * 0.9) * 1000) / perSecond;
    await sleep(Math.max(0, due - performance.now()));
    sent.set(id, performance.now());
    await provider.execute('insert into entry values ($1, $2)', [id, `timed ${id}`]);
  }
}

/** Looks for new rows until all have come; returns how long each was under way. */
async function readAll(run: Run, count: number, sent: ReadonlyMap<number, number>): Promise<number[]> {
  await using subscriber = await run.pair.subscriber.open('bench reader');
  const milliseconds: number[] = [];
  const patience = performance.now() + (count / perSecond + 60) * 1000;
  let seen = 0;
  while (seen < count) {
    if (performance.now() > patience) throw new Error(`only ${seen} of ${count} inserts have come`);
    const rows = await subscriber.query<{ id: number }>('select id from entry where id > $1 order by id', [
      seen,
    ]);
    const now = performance.now();
    for (const { id } of rows) {
      milliseconds.push(now - (sent.get(id) ?? now));
      seen = id;
    }
    await sleep(lookMs);
  }
  return milliseconds;
}
