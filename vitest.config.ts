import { configDefaults, defineConfig } from 'vitest/config';
import { LongestFirst } from './test/support/longest-first.js';

/** These measure time, so each has the machine to itself, after all others. */
const figures = ['test/story/figures.test.ts', 'test/copy/many-tables.test.ts'];

/** What takes minutes and gigabytes runs by `npm run test:long` only. */
const long = process.env['LONDISTE_TEST_LONG'] === undefined ? ['test/**/*.long.test.ts'] : [];

export default defineConfig({
  test: {
    globalSetup: ['test/support/clusters.ts'],
    sequence: { sequencer: LongestFirst },
    // Two cores: more files at once only make the ones with time limits flaky.
    maxWorkers: 2,
    testTimeout: 60_000,
    hookTimeout: 60_000,
    reporters: ['default', ['json', { outputFile: 'test-results/vitest.json' }]],
    projects: [
      {
        extends: true,
        test: {
          name: 'tests',
          include: ['test/**/*.test.ts'],
          exclude: [...configDefaults.exclude, ...long, ...figures],
          sequence: { groupOrder: 0 },
        },
      },
      {
        extends: true,
        test: { name: 'figures', include: figures, fileParallelism: false, sequence: { groupOrder: 1 } },
      },
    ],
  },
});
