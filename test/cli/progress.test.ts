import { expect, test } from 'vitest';
import { Paces, progressJson, progressLine, totalLine } from '../../src/cli/progress.js';
import type { CopyProgress } from '../../src/londiste/copy-progress.js';

const halfway: CopyProgress = {
  table: 'public.entry',
  state: 'copying',
  isPaused: false,
  error: undefined,
  fraction: 0.5,
  rows: 2_500_000,
  rowsExpected: 5_000_000,
  bytesExpected: 600 * 1024 * 1024,
  index: undefined,
  indexesMissing: 3,
  shadow: undefined,
};

test('a pace is what the last ten seconds were, and tells when it ends', () => {
  const paces = new Paces();
  expect(paces.see({ ...halfway, fraction: 0.1, rows: 500_000 }, 0)).toBeUndefined();
  expect(paces.see({ ...halfway, fraction: 0.3, rows: 1_500_000 }, 9_000)).toBeDefined();
  const pace = paces.see(halfway, 14_000);
  expect(pace?.rowsPerSecond).toBeCloseTo(200_000);
  expect(pace?.bytesPerSecond).toBeCloseTo((0.2 / 5) * 600 * 1024 * 1024);
  expect(pace?.left).toBeCloseTo(12.5);
  expect(progressLine(halfway, pace)).toBe(
    'public.entry                    copying      [##########..........]  50 %  2.5 M of 5.0 M rows  300 MB of 600 MB  200 k rows/s  24 MB/s  0:00:13 left',
  );
  // Begun again: what was seen before is of another copy.
  expect(paces.see({ ...halfway, fraction: 0.01, rows: 10 }, 15_000)).toBeUndefined();
});

test.each([
  [{ fraction: undefined, rowsExpected: undefined, rows: 7 }, 'copying      7 rows'],
  [
    {
      state: 'building',
      index: { name: 'entry_n', phase: 'building index: sorting live tuples', fraction: 0.409 },
    },
    'building     index entry_n: building index: sorting live tuples  40 %, 2 more to come',
  ],
  [
    {
      state: 'building',
      index: { name: 'a', phase: 'initializing', fraction: undefined },
      indexesMissing: 1,
    },
    'building     index a: initializing',
  ],
  [{ state: 'wanted', fraction: 0 }, 'wanted'],
  [
    { state: 'catching-up', shadow: 'londiste.shadow_3', isPaused: true },
    'catching-up  into londiste.shadow_3  paused',
  ],
  [{ state: 'parked', error: 'no room' }, 'parked       no room'],
] as const)('%o', (what, line) => {
  expect(progressLine({ ...halfway, ...what }, undefined)).toBe(`${'public.entry'.padEnd(30)}  ${line}`);
});

test('the total weighs tables by their size, and leaves parked ones out', () => {
  const small = {
    ...halfway,
    table: 'b',
    state: 'ready' as const,
    fraction: 1,
    rows: 10,
    bytesExpected: 200 * 1024 * 1024,
  };
  const parked = { ...halfway, table: 'c', state: 'parked' as const };
  const pace = { rowsPerSecond: 1, bytesPerSecond: 10 * 1024 * 1024, left: 30 };
  expect(totalLine([halfway, small, parked], [pace, undefined, undefined])).toBe(
    `${'2 tables'.padEnd(43)}  [#############.......]  62 %  2.5 M rows  500 MB of 800 MB  10 MB/s  0:00:30 left`,
  );
  expect(totalLine([], [])).toContain('0 B of 0 B');
});

test('for programs: bytes, seconds and fractions', () => {
  expect(progressJson(halfway, { rowsPerSecond: 3, bytesPerSecond: 4, left: 5 })).toEqual({
    table: 'public.entry',
    state: 'copying',
    paused: false,
    error: null,
    fraction: 0.5,
    rows: 2_500_000,
    rows_expected: 5_000_000,
    bytes: 300 * 1024 * 1024,
    bytes_expected: 600 * 1024 * 1024,
    rows_per_second: 3,
    bytes_per_second: 4,
    seconds_left: 5,
    index: null,
    indexes_missing: 3,
    shadow: null,
  });
});
