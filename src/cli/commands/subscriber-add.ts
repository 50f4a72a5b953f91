import { LondisteError } from '../../kernel/errors.js';
import type { Creation } from '../../setup/create-table.js';
import { addSubscriberTables, type Adding, type Otherwise } from '../../setup/subscriber-tables.js';
import type { LondisteCommand } from '../command.js';
import { withEnds, type LondisteContext } from '../context.js';
import { tellNotes } from '../faults.js';

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
    {
      flags: '--create',
      summary:
        'make tables that are missing here: columns, types, defaults, identity, generated columns, key, sequences',
    },
    {
      flags: '--expect-sync',
      summary: 'no copy: the rows are known to be equal where the subscription stands; ok at once',
    },
    {
      flags: '--create-full',
      summary: 'make them with indexes, constraints, triggers and grants too, by pg_dump',
    },
  ],
  examples: [
    'londiste replica.ini subscriber add entry',
    'londiste replica.ini subscriber add --all',
    'londiste replica.ini subscriber add --all --create',
    'londiste replica.ini subscriber add entry --dest-table archive.entry_2024 --columns id,name,address=addr',
  ],
  async run(context, { args, options }) {
    if (args.length === 0 && options['all'] !== true) {
      throw new LondisteError('usage', 'subscriber add needs a table', {
        hint: 'name tables, or type: subscriber add --all',
      });
    }
    const creation = creationOf(context, options);
    const { destTable, columns, expectSync } = options as Otherwise & Adding;
    const { added, created, notes } = await withEnds(context, (ends) =>
      addSubscriberTables(ends, args, { destTable, columns, creation, expectSync }),
    );
    for (const table of created) context.say(`Created: ${table}`);
    for (const table of added) context.say(`Added: ${table}`);
    tellNotes(context, notes);
  },
};

function creationOf(
  { settings }: LondisteContext,
  options: Readonly<Record<string, unknown>>,
): Creation | undefined {
  if (options['createFull'] === true) return { kind: 'full', from: settings.providerLibpq };
  return options['create'] === true ? { kind: 'plain' } : undefined;
}
