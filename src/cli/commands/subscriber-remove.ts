import { LondisteError } from '../../kernel/errors.js';
import { removeSubscriberTables } from '../../setup/subscriber-tables.js';
import type { LondisteCommand } from '../command.js';
import { withEnds } from '../context.js';

export const subscriberRemove: LondisteCommand = {
  words: 'subscriber remove',
  takes: '[table...]',
  summary: 'stop replicating tables; their rows stay',
  options: [{ flags: '--all', summary: 'all tables of this subscription' }],
  async run(context, { args, options }) {
    if (args.length === 0 && options['all'] !== true) {
      throw new LondisteError('usage', 'subscriber remove needs a table', {
        hint: 'name tables, or type: subscriber remove --all',
      });
    }
    const { tables, faults } = await withEnds(context, (ends) => removeSubscriberTables(ends, args));
    for (const table of tables) context.say(`Removed: ${table}`);
    for (const { what, fix } of faults) {
      context.say(what);
      context.say(`→ ${fix}`);
    }
  },
};
