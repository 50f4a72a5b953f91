/**
 * Random tables, statements and ALTERs by four sessions of two roles, on a database with capture and on its twin without: no statement
 * fails, waits or touches other rows because of capture, and at rest twin, provider and subscriber hold the same.
 */
import { describe, expect, test } from 'vitest';
import { isLong, isReplay, playStories, seedOf } from '../support/random-stories.js';
import { Counts } from './counts.js';
import { examples } from './examples.js';
import { Parted } from './player.js';
import { story } from './story.js';
import { Twins } from './twins.js';

/** Of each of the four: together 90 seconds; or 300 stories, for as long as they take. */
const limits = isLong ? { budgetMs: 3_600_000, most: 75 } : { budgetMs: 18_000 };

describe.each([
  ['oldest', 'newest', 1],
  ['newest', 'oldest', 2],
  ['oldest', 'oldest', 3],
  ['newest', 'newest', 4],
] as const)('from %s to %s', (from, to, way) => {
  const seed = seedOf(way);
  test('capture is not noticed, and misses nothing', { timeout: limits.budgetMs * 2 + 60_000 }, async () => {
    const counts = new Counts();
    let twins: Twins | undefined;
    let stories = 0;
    await playStories(
      story,
      async (one) => {
        twins ??= await Twins.make(from, to, counts);
        stories += 1;
        try {
          await twins.play(one);
        } catch (error) {
          await twins.end();
          twins = undefined;
          if (!(error instanceof Error && error.cause instanceof Parted)) throw error;
          counts.note('stories ended by a serialization failure that only capture met');
        }
      },
      { examples, seed, ...limits },
    ).finally(() => {
      console.log(`${from} to ${to}, seed ${seed}: ${stories} stories; ${counts.toString()}`);
      return twins?.end();
    });
    if (!isReplay) expect(counts.missing).toEqual([]);
  });
});
