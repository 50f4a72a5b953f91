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
  'story/refusals',
  'story/outage',
  'capture/random',
  'copy/shadow',
  'replay/exactness',
  'story/pgqadm',
  'capture/ddl',
  'capture/choices',
  'copy/shadow-ends',
  'copy/resync',
  'library/crash',
  'replay/bags',
  'copy/bags',
  'replay/corners-of-subscriber',
  'story/seed',
  'sql/pgq/hygiene',
  'story/compare',
  'replay/worst-cases',
  'sql/pgq/random',
  'sql/londiste/capture-ddl',
  'capture/shapes',
  'story/park',
  'story/demo',
  'compare/shapes',
  'sql/londiste/capture-statements',
  'replay/bag-faults',
  'library/consumer',
  'replay/property',
  'replay/tables-that-change',
  'replay/random',
  'story/park-commands',
  'copy/steer',
  'replay/destinations',
  'install/install',
  'sql/londiste/capture-nested',
  'copy/refused',
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
