/**
 * Runs items end to end: each has tables of its own and some writes, which go to a provider that captures them, and to a
 * twin of it that does not. After each batch the subscriber holds what the provider holds, and the provider what the twin
 * holds: capture changes nothing and loses nothing.
 */
import { beforeAll, describe, expect, test } from 'vitest';
import type { Which } from '../support/databases.js';
import type { Items } from './item.js';
import { forms, isolations, Stage, type Sessions } from './stage.js';

/** Of different majors, so that either is provider and subscriber; with time, also of the same. */
export const combinations: readonly (readonly [Which, Which])[] = [
  ['oldest', 'newest'],
  ['newest', 'oldest'],
  ...(process.env['LONDISTE_TEST_LONG'] === undefined
    ? []
    : ([
        ['oldest', 'oldest'],
        ['newest', 'newest'],
      ] as const)),
];

/**
 * Declares the tests of `items` for every form of capture and every combination of versions. All items are played at once,
 * a batch holding one write of each, which takes a fraction of the time; each has a test of its own that tells how it went.
 */
export function describeItems(items: Items, sessions: Sessions = {}): void {
  for (const form of Object.keys(forms)) {
    describe.each(combinations)(`capture by ${form}, from %s to %s`, (from, to) => {
      const stage = new Stage(form, sessions);
      const here = Object.entries(items).filter(
        ([, { since = 0 }]) => since <= (from === 'oldest' ? 14 : 18),
      );
      beforeAll(async () => {
        await stage.set(from, to, Object.fromEntries(here));
        for (const isolation of isolations) await stage.play(isolation);
      }, 180_000);
      test.each(here)('%s', (title) => {
        expect(stage.played(title)).toBe(isolations.length);
      });
      test('none of them was a fault, or looked like one', () => stage.end());
    });
  }
}
