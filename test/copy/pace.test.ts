/** Copies that are held up: to so many bytes a second, and while replay is behind. */
import { describe, expect, test } from 'vitest';
import { Pace } from '../../src/copy/pace.js';
import { parseValue } from '../../src/config/option-value.js';
import { arm, disarmAll } from '../../src/kernel/tap.js';
import { replayLag } from '../../src/londiste/provider.js';
import { cancelCopies } from '../../src/setup/copies.js';
import { resyncTables } from '../../src/setup/resync.js';
import { retryTables } from '../../src/setup/subscriber-tables.js';
import { eventually } from '../support/eventually.js';
import { useEntry } from './entry.js';

test.each([
  ['20MB/s', 20 * 1024 ** 2],
  ['20 MB / s', 20 * 1024 ** 2],
  ['64kB', 65_536],
  ['none', 0],
])('a rate of %s', (written, bytes) => {
  expect(parseValue(written, { kind: 'rate' }, { environment: {} })).toBe(bytes);
});

test.each([
  ['10s', 10_000],
  ['1.5s', 1_500],
  ['2min', 120_000],
  ['500ms', 500],
  ['none', 0],
])('a lag of %s', (written, ms) => {
  expect(parseValue(written, { kind: 'duration' }, { environment: {} })).toBe(ms);
});

test.each(['fast', '', '0', '-1MB/s', '20MB/h', '1', '20 apples/s'])('"%s" is no rate', (written) => {
  expect(() => parseValue(written, { kind: 'rate' }, { environment: {} })).toThrow(
    `expected a rate of at least 1kB/s, like 20MB/s, or none, got "${written}"`,
  );
});

test.each(['long', '', '0s', '10', '-1s', '10 years'])('"%s" is no lag', (written) => {
  expect(() => parseValue(written, { kind: 'duration' }, { environment: {} })).toThrow(
    `expected a time with its unit, like 10s or 2min, or none, got "${written}"`,
  );
});

async function* chunks(count: number, size: number, taken: () => void): AsyncGenerator<Buffer> {
  for (let n = 0; n < count; n += 1) {
    taken();
    yield await Promise.resolve(Buffer.alloc(size));
  }
}

test('several connections share the rate, and nothing is read ahead', async () => {
  const pace = new Pace({
    maxRate: 1_000_000,
    pauseLagMs: 0,
    lag: () => Promise.resolve(0),
    stop: new AbortController().signal,
  });
  let taken = 0;
  let passed = 0;
  const began = performance.now();
  const lane = async (): Promise<void> => {
    for await (const chunk of pace.through(chunks(20, 20_000, () => (taken += 1)))) {
      passed += 1;
      expect(chunk.length).toBe(20_000);
      expect(taken - passed).toBeLessThanOrEqual(1);
    }
  };
  await Promise.all([lane(), lane()]);
  const seconds = (performance.now() - began) / 1000;
  console.log(`800 kB at 1 MB/s: ${seconds.toFixed(2)} s`);
  expect(seconds).toBeGreaterThan(0.65);
  expect(seconds).toBeLessThan(2);
});

test('amid a stream rows wait for as long as replay is too far behind, and are let go when there is no use', async () => {
  let lag = 1_000;
  const stop = new AbortController();
  const looked: number[] = [];
  const pace = new Pace({
    maxRate: 0,
    pauseLagMs: 500,
    lag: () => {
      looked.push(lag);
      const now = lag;
      lag -= 250;
      return Promise.resolve(now);
    },
    stop: stop.signal,
  });
  const passed: number[] = [];
  for await (const chunk of pace.through(chunks(3, 10, () => undefined)))
    passed.push(looked.length * chunk.length);
  // It looked until it was near; the chunks after that came within the time in which it does not look again.
  expect(looked).toEqual([1_000, 750, 500]);
  expect(passed).toEqual([30, 30, 30]);
});

describe('a pair', () => {
  const entryOf = useEntry();

  test('a copy keeps to its rate; cancelled it ends at once, though rows wait', async () => {
    const entry = entryOf();
    await entry.startCopied();
    const began = performance.now();
    await resyncTables(entry.ends, ['entry'], { maxRate: 500_000 });
    await entry.isEqual();
    const seconds = (performance.now() - began) / 1000;
    // 12,000 rows of 97 bytes or so.
    console.log(`1.16 MB at 500 kB/s: ${seconds.toFixed(2)} s`);
    expect(seconds).toBeGreaterThan(2);

    // A piece of 64 kB takes a minute.
    await resyncTables(entry.ends, ['entry'], { maxRate: 1024 });
    const copying = `select from pg_stat_activity where datname = current_database() and query like 'copy %' and state = 'active'`;
    await eventually(async () => (await entry.pair.subscriber.query(copying)).length > 0, true);
    const cancelled = performance.now();
    await cancelCopies(entry.ends, []);
    await eventually(async () => (await entry.pair.subscriber.query(copying)).length, 0);
    const took = performance.now() - cancelled;
    console.log(`cancelled within ${took.toFixed(0)} ms`);
    expect(took).toBeLessThan(2_000);
    // As it was asked for, and not waited for at a stop.
    await retryTables(entry.ends, ['entry']);
    await eventually(entry.state, 'copying');
    const stopping = performance.now();
    await entry.stopReplay();
    expect(performance.now() - stopping).toBeLessThan(3_000);
  });

  test('rows wait while replay is behind, between ranges and amid a stream', async () => {
    const entry = entryOf();
    await entry.startCopied({ copyPauseLagMs: 300 });
    let release: () => void = () => undefined;
    const held = new Promise<void>((resolve) => {
      release = resolve;
    });
    arm('replay.fetched', () => held);
    await entry.write(1);
    await eventually(async () => (await replayLag(entry.pair.provider, entry.pair.name)) > 400, true);
    await resyncTables(entry.ends, ['entry']);
    await eventually(entry.state, 'copying');
    await eventually(
      async () => (await entry.pair.subscriber.query('select from londiste.copy_range')).length > 10,
      true,
    );
    // Its connections are there, it has emptied the table and waits.
    const lagged = await replayLag(entry.pair.provider, entry.pair.name);
    await eventually(
      async () => (await replayLag(entry.pair.provider, entry.pair.name)) > lagged + 1_000,
      true,
    );
    expect((await entry.ranges()).done).toBe(0);
    disarmAll();
    release();
    await entry.isEqual();
    expect(await replayLag(entry.pair.provider, entry.pair.name)).toBe(0);
  });
});
