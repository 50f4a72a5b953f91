import { Comparison, type TableOutcome } from '../../compare/compare.js';
import { applyRepair, planRepair } from '../../compare/repair.js';
import type { LondisteCommand } from '../command.js';
import { withCompareBench, type LondisteContext } from '../context.js';
import { exitCodeOf, outcomeLines } from '../outcomes.js';

export const repair: LondisteCommand = {
  words: 'repair',
  takes: '[table...]',
  summary:
    'show, as SQL, what would make rows of the subscriber as the provider has them; with --apply have replay do it. Exit code 0 equal, 1 different, 2 anything else',
  options: [
    { flags: '--apply', summary: 'do it, in transactions of replay, and look again' },
    { flags: '--where <condition>', summary: 'only rows that fit it, over the column names of the provider' },
  ],
  examples: ['londiste replica.ini repair entry > plan.sql', 'londiste replica.ini repair entry --apply'],
  failsWith: 2,
  async run(context, { args, options }) {
    const where = options['where'] as string | undefined;
    const work = options['apply'] === true ? applied : planned;
    const outcomes = await withCompareBench(context, async (bench) => {
      const comparison = await Comparison.open(bench);
      const all: TableOutcome[] = [];
      for (const table of await comparison.tables(args))
        all.push(await work(context, { comparison, table, where }));
      return all;
    });
    context.exitWith(exitCodeOf(outcomes));
  },
};

interface Work {
  readonly comparison: Comparison;
  readonly table: Parameters<Comparison['compare']>[0];
  readonly where: string | undefined;
}

/** The plan is SQL that can be run as it is; what is said about it are comments. */
async function planned(context: LondisteContext, { comparison, table, where }: Work): Promise<TableOutcome> {
  const outcome = await planRepair(comparison, table, {
    where,
    onStatements: (statements) => {
      for (const statement of statements) context.say(statement);
    },
  });
  const [line = ''] = outcomeLines(outcome);
  context.say(`-- ${line}`);
  if (outcome.state === 'different') {
    context.say(
      '-- If the provider is right, add --apply, rather than run this beside a replay that goes on.',
    );
    context.say('-- If the subscriber is right, change the rows on the provider instead.');
  }
  return outcome;
}

async function applied(context: LondisteContext, { comparison, table, where }: Work): Promise<TableOutcome> {
  const { outcome, repaired, errors } = await applyRepair(comparison, table, { where });
  if (repaired > 0) context.say(`${table.name}: ${repaired} rows repaired`);
  for (const error of errors) context.say(`${table.name}: a part was not repaired: ${error}`);
  for (const line of outcomeLines(outcome)) context.say(line);
  return outcome;
}
