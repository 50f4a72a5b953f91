import { LondisteError } from '../../kernel/errors.js';
import { retryTables } from '../../setup/subscriber-tables.js';
import type { LondisteCommand } from '../command.js';
import { withEnds } from '../context.js';

export const subscriberRetry: LondisteCommand = {
  words: 'subscriber retry',
  takes: '[table...]',
  summary: 'put parked tables back to work from where they were parked, without a copy',
  options: [{ flags: '--all', summary: 'all parked tables of this subscription' }],
  examples: ['londiste replica.ini subscriber retry entry', 'londiste replica.ini subscriber retry --all'],
  async run(context, { args, options }) {
    if (args.length === 0 && options['all'] !== true) {
      throw new LondisteError('usage', 'subscriber retry needs a table', {
        hint: 'name tables, or type: subscriber retry --all',
      });
    }
    for (const table of await withEnds(context, (ends) => retryTables(ends, args)))
      context.say(`Trying again: ${table}`);
  },
};
