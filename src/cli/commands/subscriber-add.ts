import { LondisteError } from '../../kernel/errors.js';
import { addSubscriberTables } from '../../setup/subscriber-tables.js';
import type { LondisteCommand } from '../command.js';
import { withEnds } from '../context.js';

export const subscriberAdd: LondisteCommand = {
  words: 'subscriber add',
  takes: '[table...]',
  summary: 'replicate tables of the set: rows that are there are replaced by a copy, then changes follow',
  options: [{ flags: '--all', summary: 'all tables of the set that are missing here' }],
  examples: ['londiste replica.ini subscriber add entry', 'londiste replica.ini subscriber add --all'],
  async run(context, { args, options }) {
    if (args.length === 0 && options['all'] !== true) {
      throw new LondisteError('usage', 'subscriber add needs a table', {
        hint: 'name tables, or type: subscriber add --all',
      });
    }
    for (const table of await withEnds(context, (ends) => addSubscriberTables(ends, args)))
      context.say(`Added: ${table}`);
  },
};
