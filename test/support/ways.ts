import { isLong } from './random-stories.js';

/** From which major to which: `there`, to a newer subscriber, and `back`, to an older one. */
const ways = { there: ['oldest', 'newest'], back: ['newest', 'oldest'] } as const;

/**
 * For `describe.each`: one way in CI and both in test:long, where what is shown depends on neither server's version or is shown
 * both ways elsewhere.
 */
export function oneWay(way: keyof typeof ways): readonly (typeof ways)[keyof typeof ways][] {
  return isLong ? Object.values(ways) : [ways[way]];
}
