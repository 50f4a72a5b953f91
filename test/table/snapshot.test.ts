import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { Snapshot } from '../../src/table/snapshot.js';
import { createDatabase, open } from '../support/databases.js';

const snapshot = fc
  .record({
    xmin: fc.integer({ min: 3, max: 30 }),
    width: fc.integer({ min: 0, max: 12 }),
    mask: fc.array(fc.boolean(), { minLength: 12, maxLength: 12 }),
  })
  .map(({ xmin, width, mask }) => {
    const running = Array.from({ length: width }, (_, n) => xmin + n).filter((_, n) => mask[n]);
    // PostgreSQL writes xmin as the first running transaction, or as xmax when none runs.
    return `${running[0] ?? xmin + width}:${xmin + width}:${running.join(',')}`;
  });

describe('snapshots are sets of transactions', () => {
  test('seeing, containing and equality agree with the sets', () => {
    const members = (text: string): Set<number> =>
      new Set(Array.from({ length: 60 }, (_, x) => x).filter((x) => Snapshot.parse(text).sees(x)));
    fc.assert(
      fc.property(snapshot, snapshot, (a, b) => {
        const [inA, inB] = [members(a), members(b)];
        const isSubset = [...inB].every((x) => inA.has(x));
        expect(Snapshot.parse(a).contains(Snapshot.parse(b))).toBe(isSubset);
        expect(Snapshot.parse(a).equals(Snapshot.parse(b))).toBe(isSubset && inA.size === inB.size);
      }),
      { numRuns: 2000 },
    );
  });

  test('seeing agrees with the server', async () => {
    await using session = await open(await createDatabase('newest'));
    await fc.assert(
      fc.asyncProperty(snapshot, async (text) => {
        const rows = await session.query<{ x: number; sees: boolean }>(
          'select x, pg_visible_in_snapshot(x::text::xid8, $1::pg_snapshot) as sees from generate_series(3, 50) x',
          [text],
        );
        for (const { x, sees } of rows) expect(Snapshot.parse(text).sees(x)).toBe(sees);
      }),
      { numRuns: 100 },
    );
  });

  test('what is no snapshot is refused', () => {
    for (const text of ['', '1:2', 'a:b:c', '1:2:x'])
      expect(() => Snapshot.parse(text)).toThrow('not a transaction snapshot');
  });
});
