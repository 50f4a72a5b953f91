import type { pauseCopies } from '../setup/copies.js';
import type { LondisteCommand } from './command.js';
import { withSubscriber } from './context.js';

/** A command that steers the copies of tables: of those that are named, or of all. */
export function steering({
  words,
  summary,
  done,
  verb,
}: {
  words: string;
  summary: string;
  done: string;
  verb: typeof pauseCopies;
}): LondisteCommand {
  return {
    words,
    takes: '[table...]',
    summary,
    examples: [`londiste replica.ini ${words} entry`, `londiste replica.ini ${words}`],
    async run(context, { args }) {
      const { subscription: name } = context.settings;
      const tables = await withSubscriber(context, (subscriber) => verb({ name, subscriber }, args));
      for (const table of tables) context.say(`${done}: ${table}`);
    },
  };
}
