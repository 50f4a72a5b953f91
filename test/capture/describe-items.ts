/**
 * Runs items end to end: each has tables of its own and some writes, which go to a provider that captures them, and to a
 * twin of it that does not. After each batch the subscriber holds what the provider holds, and the provider what the twin
 * holds: capture changes nothing and loses nothing.
 */
import { beforeAll, describe, expect, test } from 'vitest';
import { servers, type Form } from '../support/capture-form.js';
import type { Which } from '../support/databases.js';
import { isLong } from '../support/random-stories.js';
import type { Items } from './item.js';
import { isolations, Stage, type Sessions } from './stage.js';

/**
 * Of different majors, so that either is provider and subscriber, and each form of capture is tried; with time, all that there
 * are.
 */
export const combinations: readonly (readonly [Form, Which, Which])[] = isLong
  ? servers.flatMap(([from, form]) => (['oldest', 'newest'] as const).map((to) => [form, from, to] as const))
  : [
      ['statement', 'oldest', 'newest'],
      ['row', 'newest', 'oldest'],
    ];

/**
 * Declares the tests of `items` for combinations of forms of capture and versions. All items are played at once,
 * a batch holding one write of each, which takes a fraction of the time; each has a test of its own that tells how it went.
 */
export function describeItems(items: Items, sessions: Sessions = {}): void {
  const all = Object.entries(items);
  const ways = combinations.map(
    ([form, from, to]) =>
      [form, from, to, all.filter(([, { since = 0 }]) => since <= (from === 'oldest' ? 14 : 18))] as const,
  );
  // What only the newest provider knows meets there the form that CI tries on the oldest, too.
  const news = isLong ? [] : all.filter(([, { since }]) => since !== undefined);
  const more = news.length > 0 ? [['statement', 'newest', 'oldest', news] as const] : [];
  describe.each([...ways, ...more])('capture by %s, from %s to %s', (form, from, to, here) => {
    const stage = new Stage(form, sessions);
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
