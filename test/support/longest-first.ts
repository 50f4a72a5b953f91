import { BaseSequencer, type TestSpecification } from 'vitest/node';

/**
 * What takes longest, in that order. Begun last, one of them would run on alone while the other worker has nothing left to do;
 * a fresh clone has no earlier run to know that from.
 */
const longest = [
  'story/kill',
  'copy/resume',
  'capture/values',
  'story/resync-kills',
  'story/copy-kills',
  'story/outage',
  'story/refusals',
  'capture/random',
  'copy/shadow',
  'replay/exactness',
  'story/pgqadm',
  'capture/ddl',
  'copy/resync',
  'copy/shadow-ends',
  'sql/londiste/capture-ddl',
  'library/crash',
  'story/seed',
  'sql/londiste/capture-nested',
  'sql/pgq/hygiene',
  'sql/pgq/random',
  'story/compare',
  'replay/worst-cases',
  'replay/random',
  'copy/refused',
  'compare/shapes',
  'replay/corners-of-subscriber',
  'capture/choices',
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
