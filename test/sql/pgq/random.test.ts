/**
 * Random stories of one queue: producers with rollbacks, savepoints and transactions that stay open, two stewards that
 * tick, rotate and send events again, and workers that crash and put events aside, two of them at one consumer's batches,
 * all at the same time. Every committed event is processed exactly once by every consumer.
 */
import { describe, expect, it } from 'vitest';
import { open } from '../../support/databases.js';
import { isLong, isReplay, playStories, seedOf } from '../../support/random-stories.js';
import { pgqDatabase } from './pgq-database.js';
import { example, rounds } from './random/steps.js';
import { Stage, Story } from './random/story.js';

const budgetMs = 22_000;

describe.each([
  ['oldest', 0],
  ['newest', 1],
] as const)('random stories of a queue on %s', (which, way) => {
  it(
    'deliver every committed event exactly once to every consumer',
    { timeout: isLong ? 1_800_000 : 120_000 },
    async () => {
      const settings = await pgqDatabase(which);
      await using session = await open(settings);
      await session.execute(
        'create table seen (queue text, consumer integer, data text, batch bigint, primary key (queue, consumer, data))',
      );
      await using stage = new Stage(settings);
      let stories = 0;
      try {
        await playStories(rounds, (story) => new Story(stage, `story ${(stories += 1)}`).play(story), {
          examples: [example, example, example],
          budgetMs: isLong ? 1_500_000 : budgetMs,
          ...(isLong ? { most: 200 } : {}),
          seed: seedOf(way),
        });
      } finally {
        const figures = JSON.stringify({ ...stage.met, 'at once': stage.overlaps.counts });
        console.log(`${which}: seed ${seedOf(way)}: ${stories} stories: ${figures}`);
      }
      if (isReplay) return;
      for (const [moment, times] of Object.entries({ ...stage.met, ...stage.overlaps.counts }))
        expect(times, moment).toBeGreaterThan(0);
    },
  );
});
