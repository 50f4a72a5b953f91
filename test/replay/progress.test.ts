import { expect, test } from 'vitest';
import { duration, Progress } from '../../src/replay/progress.js';
import { memoryLog } from '../ticker/memory-log.js';

const begin = Date.parse('2026-01-01T00:00:00Z');

/** A batch of `events` events behind `from`, whose ticks are `age` seconds old when the test begins. */
function batch(from: number, events: number, head: number, age: number): Parameters<Progress['applied']>[0] {
  const tick = (eventSeq: number): Parameters<Progress['applied']>[0]['from'] => ({
    tickId: eventSeq,
    tickTime: new Date(begin - age * 1000).toISOString(),
    snapshot: `${eventSeq}:${eventSeq}:`,
    eventSeq,
    epoch: 1,
  });
  return { from: tick(from), to: tick(from + events), head: tick(head) };
}

test('behind, it says how far, how fast and until when, and at last that it has caught up', () => {
  const { log, lines } = memoryLog();
  let now = begin;
  const progress = new Progress(log, () => now);
  // 100,000 events a second out of 10,000,000, in batches of 500,000 with chunks of 50,000.
  for (let from = 0; from < 10_000_000; from += 500_000) {
    for (let chunk = 0; chunk < 10; chunk += 1) {
      now += 500;
      progress.applied(batch(from, 500_000, 10_000_000, 200), 50_000);
    }
  }
  progress.caughtUp();
  const told = lines.map((line) => line.replace('info ', ''));
  expect(told.length).toBeGreaterThan(8);
  expect(told[0]).toMatch(
    /^behind by \d+ events, 3 min \d+ s; replaying 10\d{4} events\/s, caught up in about 1 min \d+ s$/,
  );
  expect(told.at(-1)).toMatch(/^caught up after 1 min \d+ s$/);
  const left = told.slice(0, -1).map((line) => Number(/behind by (\d+)/.exec(line)?.[1]));
  expect(left).toEqual([...left].sort((a, b) => b - a));
  expect(left[0]).toBeLessThan(10_000_000);
});

test('who is not behind says nothing', () => {
  const { log, lines } = memoryLog();
  let now = begin;
  const progress = new Progress(log, () => now);
  for (let n = 0; n < 100; n += 1) {
    now += 1_000;
    progress.applied(batch(n, 1, n + 1, -n), 1);
    progress.caughtUp();
  }
  expect(lines).toEqual([]);
});

test.each([
  [0.4, '0 s'],
  [59.6, '1 min 0 s'],
  [200, '3 min 20 s'],
  [7_500, '2 h 5 min'],
])('%d seconds are %s', (seconds, text) => {
  expect(duration(seconds)).toBe(text);
});
