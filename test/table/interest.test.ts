import fc from 'fast-check';
import { expect, test } from 'vitest';
import { interestOf } from '../../src/table/interest.js';
import { Snapshot } from '../../src/table/snapshot.js';

/** A history of a primary: transactions begin and end in any order; each step's snapshot contains the one before. */
const history = fc
  .array(fc.constantFrom('begin', 'end first', 'end last'), { minLength: 8, maxLength: 40 })
  .map((steps) => {
    const snapshots: Snapshot[] = [];
    const running: number[] = [];
    let next = 10;
    for (const step of steps) {
      if (step === 'begin') running.push(next++);
      else if (step === 'end first') running.shift();
      else running.pop();
      snapshots.push(Snapshot.parse(`${running[0] ?? next}:${next}:${running.join(',')}`));
    }
    return snapshots;
  });

test('a table that is taken over holds exactly the closing snapshot, and none is taken over too early', () => {
  let takenOver = 0;
  fc.assert(
    fc.property(history, fc.nat(), fc.nat(), fc.nat(), (snapshots, a, b, c) => {
      const [i, j] = [a % snapshots.length, b % snapshots.length].sort((x, y) => x - y);
      const [from, to, own] = [snapshots[i ?? 0], snapshots[j ?? 0], snapshots[c % snapshots.length]];
      if (!from || !to || !own) return;
      const interest = interestOf(
        { state: 'ready', snapshot: own, tickId: 1 },
        { from: { tickId: 1, snapshot: from }, to: { tickId: 2, snapshot: to } },
      );
      if (interest === 'take-over') {
        takenOver += 1;
        // Applying what is in S(to) and not in V on top of V gives S(to) only when V lies within it.
        expect(to.contains(own)).toBe(true);
      } else {
        expect(interest).toBe('skip');
        expect(own.contains(to) && !to.contains(own)).toBe(true);
      }
    }),
    { numRuns: 5000 },
  );
  expect(takenOver).toBeGreaterThan(100);
});

test('only ready tables are taken over, only ok ones stream, and one far behind goes back to its copier', () => {
  const all = Snapshot.parse('20:20:');
  const bounds = {
    from: { tickId: 5000, snapshot: Snapshot.parse('10:10:') },
    to: { tickId: 5001, snapshot: all },
  };
  expect(interestOf({ state: 'ok', snapshot: undefined, tickId: undefined }, bounds)).toBe('stream');
  for (const state of ['wanted', 'copying', 'building', 'catching-up', 'parked'] as const) {
    expect(interestOf({ state, snapshot: Snapshot.parse('12:12:'), tickId: 5000 }, bounds)).toBe('skip');
  }
  expect(interestOf({ state: 'ready', snapshot: Snapshot.parse('5:5:'), tickId: 4999 }, bounds)).toBe(
    'take-over',
  );
  expect(interestOf({ state: 'ready', snapshot: Snapshot.parse('5:5:'), tickId: 10 }, bounds)).toBe('behind');
});
