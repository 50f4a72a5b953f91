import { LondisteError } from '../../kernel/errors.js';
import { resyncTables } from '../../setup/subscriber-tables.js';
import type { LondisteCommand } from '../command.js';
import { withEnds } from '../context.js';

export const subscriberResync: LondisteCommand = {
  words: 'subscriber resync',
  takes: '[table...]',
  summary: 'copy tables anew, whatever state they are in',
  options: [
    { flags: '--all', summary: 'all tables of this subscription' },
    { flags: '--force', summary: 'accepted as in Skytools; it changes nothing' },
  ],
  examples: ['londiste replica.ini subscriber resync entry', 'londiste replica.ini subscriber resync --all'],
  async run(context, { args, options }) {
    if (args.length === 0 && options['all'] !== true) {
      throw new LondisteError('usage', 'subscriber resync needs a table', {
        hint: 'name tables, or type: subscriber resync --all',
      });
    }
    for (const table of await withEnds(context, (ends) => resyncTables(ends, args)))
      context.say(`Copying anew: ${table}`);
  },
};
