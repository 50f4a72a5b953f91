import { LondisteError } from '../../kernel/errors.js';
import { addSubscriberTables, type Otherwise } from '../../setup/subscriber-tables.js';
import type { LondisteCommand } from '../command.js';
import { withEnds } from '../context.js';

export const subscriberAdd: LondisteCommand = {
  words: 'subscriber add',
  takes: '[table...]',
  summary: 'replicate tables of the set: rows that are there are replaced by a copy, then changes follow',
  options: [
    { flags: '--all', summary: 'all tables of the set that are missing here' },
    {
      flags: '--dest-table <name>',
      summary: 'for one table: put its rows into that table of the subscriber',
    },
    {
      flags: '--columns <list>',
      summary:
        'for one table: carry only these columns; there=here where the subscriber has another name for one',
    },
  ],
  examples: [
    'londiste replica.ini subscriber add entry',
    'londiste replica.ini subscriber add --all',
    'londiste replica.ini subscriber add entry --dest-table archive.entry_2024 --columns id,name,address=addr',
  ],
  async run(context, { args, options }) {
    if (args.length === 0 && options['all'] !== true) {
      throw new LondisteError('usage', 'subscriber add needs a table', {
        hint: 'name tables, or type: subscriber add --all',
      });
    }
    const { destTable, columns } = options as Otherwise;
    const added = await withEnds(context, (ends) => addSubscriberTables(ends, args, { destTable, columns }));
    for (const table of added) context.say(`Added: ${table}`);
  },
};
