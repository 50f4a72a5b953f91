import { sampleName } from './locate.js';
import type { Option, Section } from './option.js';
import { environmentName, optionsOf } from './options.js';

const introduction: Readonly<Record<Section, string>> = {
  londiste: `Replication of one subscriber: londiste ${sampleName.londiste} replay -d`,
  pgqadm: `Ticks and maintenance of the queues of one database: pgqadm ${sampleName.pgqadm} ticker -d`,
  pgqd: `Ticks and maintenance of all databases of a server: pgqadm ${sampleName.pgqd} ticker -d`,
};

/**
 * The example file of a section, from the list of its options: those that one sets are set, the others stand there as
 * comments with their defaults.
 */
export function renderSample(section: Section): string {
  const head = [
    `# ${introduction[section]}`,
    '#',
    "# A key = value each line; text after # at a line's start is a comment, %(name)s is the value of another key, and",
    `# a % that stands for itself is written %%. ${environmentName(section, 'KEY')} in the environment overrides a key, --set key=value`,
    '# on the command line overrides both. Connections are written as for psql: host=... dbname=... or postgresql://...',
    `[${section}]`,
  ];
  return [head.join('\n'), ...optionsOf[section].map(renderOption)].join('\n\n') + '\n';
}

function renderOption({ key, help, example, default: otherwise }: Option): string {
  const line = example === undefined ? `#${key} = ${otherwise ?? ''}` : `${key} = ${example}`;
  return `# ${help}\n${line}`;
}
