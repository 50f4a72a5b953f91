import { Comparison, type CompareOptions, type TableOutcome } from '../../compare/compare.js';
import { compareForever } from '../../compare/continuous.js';
import { LondisteError } from '../../kernel/errors.js';
import { keepRunning } from '../../kernel/service.js';
import type { Call, LondisteCommand } from '../command.js';
import { commandLog, withCompareBench, type LondisteContext } from '../context.js';
import { outcomeJson, outcomeLines, exitCodeOf } from '../outcomes.js';

export const compare: LondisteCommand = {
  words: 'compare',
  takes: '[table...]',
  summary:
    'prove that tables hold the same rows on both sides; exit code 0 equal, 1 different, 2 anything else',
  options: [
    { flags: '--tables <list>', summary: 'the same as naming them, in one word with commas between' },
    { flags: '--where <condition>', summary: 'only rows that fit it, over the column names of the provider' },
    { flags: '--count-only', summary: 'compare the numbers of rows only' },
    { flags: '--sample <percent>', summary: 'a random part of each table, like 5%' },
    { flags: '--show <rows>', summary: 'how many differing rows of a table are shown, 10 by default' },
    {
      flags: '--continuous',
      summary: 'a few ranges a second, for ever; subscriber tables shows how far it has come',
    },
    { flags: '--json', summary: 'one JSON array, for programs; with --continuous an object a line' },
  ],
  examples: [
    'londiste replica.ini compare',
    "londiste replica.ini compare entry 'shop.*'",
    `londiste replica.ini compare orders --where 'region = 7' --show 100`,
  ],
  failsWith: 2,
  async run(context, { args, options }) {
    const how = {
      where: options['where'] as string | undefined,
      countOnly: options['countOnly'] === true,
      sample: sampleOf(options),
      show: numberOf(options, 'show'),
    };
    const json = options['json'] === true;
    if (options['continuous'] === true) {
      await keepComparing(context, { typed: [...args, ...tablesOf(options)], how, json });
      return;
    }
    const outcomes: TableOutcome[] = [];
    await withCompareBench(context, async (bench) => {
      const comparison = await Comparison.open(bench);
      for (const table of await comparison.tables([...args, ...tablesOf(options)])) {
        const outcome = await comparison.compare(table, how);
        outcomes.push(outcome);
        if (!json) for (const line of outcomeLines(outcome)) context.say(line);
      }
    });
    if (json) context.say(JSON.stringify(outcomes.map(outcomeJson), undefined, 2));
    context.exitWith(exitCodeOf(outcomes));
  },
};

/**
 * Tells of a table when what is to be said of it is another thing than before; for programs, of every pass. Once it has compared
 * something it goes on after whatever passes by itself, as lost connections do.
 */
async function keepComparing(
  context: LondisteContext,
  { typed, how, json }: { typed: readonly string[]; how: CompareOptions; json: boolean },
): Promise<void> {
  const told = new Map<string, string>();
  const notBegun = new AbortController();
  let hasBegun = false;
  const attempt = (healthy: () => void): Promise<void> =>
    withCompareBench(context, async (bench) =>
      compareForever(await Comparison.open(bench), typed, {
        options: how,
        onOutcome: (outcome) => {
          hasBegun = true;
          healthy();
          if (json) {
            context.say(JSON.stringify(outcomeJson(outcome)));
            return;
          }
          const { table, state, reason, findings } = outcome;
          const news = JSON.stringify([state, reason, findings.first]);
          if (told.get(table) === news) return;
          told.set(table, news);
          for (const line of outcomeLines(outcome)) context.say(line);
        },
        onPause: ({ message, hint }) => {
          process.stderr.write(`${message}\n  → ${hint}\n`);
        },
      }),
    );
  await keepRunning({ name: 'compare', log: commandLog(context) }, notBegun.signal, async (healthy) => {
    try {
      await attempt(healthy);
    } catch (error) {
      if (!hasBegun) notBegun.abort(error);
      throw error;
    }
  });
  notBegun.signal.throwIfAborted();
}

export function tablesOf({ tables }: Call['options']): string[] {
  // Not at commas in quotes.
  return typeof tables === 'string' ? (tables.match(/(?:"[^"]*"|[^,"])+/g) ?? []) : [];
}

function sampleOf({ sample }: Call['options']): number | undefined {
  if (typeof sample !== 'string') return undefined;
  const percent = /^([0-9]+(?:\.[0-9]+)?)%?$/.exec(sample)?.[1];
  const part = Number(percent) / 100;
  if (part > 0 && part <= 1) return part;
  throw new LondisteError('usage', `--sample ${sample}: expected a part between 0% and 100%`, {
    hint: 'write it like --sample 5%',
  });
}

function numberOf(options: Call['options'], name: string): number | undefined {
  const text = options[name];
  if (typeof text !== 'string') return undefined;
  if (/^[0-9]{1,9}$/.test(text)) return Number(text);
  throw new LondisteError('usage', `--${name} ${text}: expected a number`, { hint: `write --${name} 100` });
}
