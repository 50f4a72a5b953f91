import { examine, type Examination } from '../../setup/doctor.js';
import { works, type Work } from '../../setup/doctor-rights.js';
import { LondisteError } from '../../kernel/errors.js';
import { didYouMean } from '../../kernel/suggest.js';
import type { PgqadmCommand } from '../command.js';
import { tellOfDatabases } from '../databases.js';
import { numberOption } from '../number-option.js';
import { jsonOption } from '../tables.js';

/** Milliseconds. */
const anHour = 3_600_000;

export const doctor: PgqadmCommand = {
  words: 'doctor',
  summary:
    'look at rights, versions, settings and queues, and say what is wrong and what to type; exit code 1 when something is',
  options: [
    { flags: '--role <name>', summary: 'the role whose rights are looked at (the one that is connected)' },
    { flags: '--for <work>', summary: `what that role is for: ${works.join(', ')} (ticker)` },
    {
      flags: '--older-than <time>',
      summary:
        'from which age on transactions, silent consumers, rotation and retries are faults, like 30min (1h)',
    },
    jsonOption,
  ],
  examples: ['pgqadm ticker.ini doctor', 'pgqadm ticker.ini doctor --role app --for producer'],
  async run(context, { options }) {
    const { role } = options;
    const ms = numberOption('--older-than', options['olderThan'], { kind: 'duration' }) ?? anHour;
    const question = {
      role: typeof role === 'string' ? role : undefined,
      work: workOf(options['for']),
      longerThan: ms / 1_000,
    };
    const found = await tellOfDatabases(context, options, {
      work: (database) => examine(database, question),
      linesOf,
    });
    if (found.some(({ healthy }) => !healthy)) context.exitWith(1);
  },
};

function workOf(written: unknown): Work {
  if (typeof written !== 'string') return 'ticker';
  const work = works.find((known) => known === written);
  if (work !== undefined) return work;
  throw new LondisteError(
    'usage',
    `--for: expected ${works.join(', ')}, got "${written}"${didYouMean(written, works)}`,
  );
}

function linesOf({ database, role, may, grants, findings, healthy }: Examination): string[] {
  const rights = works.flatMap((work) => {
    if (may[work] === undefined) return [];
    const missing = grants[work] ?? [];
    return [`  ${work}: ${may[work] ? 'yes' : 'no'}`, ...missing.map((grant) => `      ${grant}`)];
  });
  return [
    `Database ${database}`,
    ...(rights.length === 0 ? [] : [`Role ${role} may do the work of a`, ...rights]),
    ...findings.flatMap(({ level, about, what, fix }) => [
      `${level === 'fault' ? 'FAULT' : 'note'}  ${about}: ${what}`,
      ...fix.split('\n').map((line) => `    → ${line}`),
    ]),
    ...(healthy ? ['Nothing is wrong.'] : []),
  ];
}
