import { sampleName } from './locate.js';
import { environmentName, optionsOf, type Option, type Program } from './options.js';

const introduction: Readonly<Record<Program, string>> = {
  londiste: `Replication of one subscriber: londiste ${sampleName.londiste} replay -d`,
  pgqadm: `Ticks and maintenance of the queues of one database: pgqadm ${sampleName.pgqadm} ticker -d`,
};

/**
 * The example file of a program, from the list of its options: those that one sets are set, the others stand there as
 * comments with their defaults.
 */
export function renderSample(program: Program): string {
  const head = [
    `# ${introduction[program]}`,
    '#',
    "# A key = value each line; text after # at a line's start is a comment, %(name)s is the value of another key, and",
    `# a % that stands for itself is written %%. ${environmentName(program, 'KEY')} in the environment overrides a key, --set key=value`,
    '# on the command line overrides both. Connections are written as for psql: host=... dbname=... or postgresql://...',
    `[${program}]`,
  ];
  return [head.join('\n'), ...optionsOf[program].map(renderOption)].join('\n\n') + '\n';
}

function renderOption({ key, help, example, default: otherwise }: Option): string {
  const line = example === undefined ? `#${key} = ${otherwise ?? ''}` : `${key} = ${example}`;
  return `# ${help}\n${line}`;
}
