import { BaseSequencer, type TestSpecification } from 'vitest/node';

/**
 * What takes longest, in that order. Begun last, one of them would run on alone while the other worker has nothing left to do;
 * a fresh clone has no earlier run to know that from.
 */
const longest = [
  'story/copy-kills',
  'story/outage',
  'story/kill',
  'capture/random',
  'story/refusals',
  'copy/resume',
  'story/seed',
  'replay/worst-cases',
  'copy/refused',
  'copy/resync',
  'sql/londiste/capture-ddl',
  'sql/londiste/capture-nested',
  'story/compare',
  'story/destination',
  'replay/random',
  'replay/corners-of-subscriber',
  'capture/choices',
  'capture/values',
  'sql/londiste/capture-fuzz',
];

function rankOf({ moduleId }: TestSpecification): number {
  const at = longest.findIndex((name) => moduleId.endsWith(`/test/${name}.test.ts`));
  return at < 0 ? longest.length : at;
}

/** Vitest's own order, but for the files that take longest, which are first of their group. */
export class LongestFirst extends BaseSequencer {
  override async sort(files: TestSpecification[]): Promise<TestSpecification[]> {
    const groupOf = ({ project }: TestSpecification): number => project.config.sequence.groupOrder;
    return (await super.sort(files)).sort((a, b) => groupOf(a) - groupOf(b) || rankOf(a) - rankOf(b));
  }
}
