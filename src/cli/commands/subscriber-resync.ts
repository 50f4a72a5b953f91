import { LondisteError } from '../../kernel/errors.js';
import { resyncTables, type ResyncOptions } from '../../setup/resync.js';
import type { LondisteCommand } from '../command.js';
import { withEnds } from '../context.js';
import { numberOption } from '../number-option.js';

export const subscriberResync: LondisteCommand = {
  words: 'subscriber resync',
  takes: '[table...]',
  summary: 'copy tables anew, whatever state they are in',
  options: [
    { flags: '--all', summary: 'all tables of this subscription' },
    {
      flags: '--expect-sync',
      summary: 'no copy: the rows are known to be equal where the subscription stands; ok at once',
    },
    {
      flags: '--skip-truncate',
      summary: 'rows that are here stay; those that come replace the ones with the same keys',
    },
    {
      flags: '--shadow',
      summary: 'readers keep the old rows until one transaction makes the table equal to the new ones',
    },
    {
      flags: '--where <condition>',
      summary: 'copy only the rows that it takes; those outside of it are let alone, and stay replicated',
    },
    { flags: '--max-rate <rate>', summary: 'so much a second, like 20MB/s, or none; else copy_max_rate' },
    {
      flags: '--pause-lag <time>',
      summary: 'wait while replay is further behind, like 10s, or none; else copy_pause_lag',
    },
    { flags: '--force', summary: 'accepted as in Skytools; it changes nothing' },
  ],
  examples: [
    'londiste replica.ini subscriber resync entry',
    'londiste replica.ini subscriber resync --all',
    'londiste replica.ini subscriber resync entry --shadow',
    `londiste replica.ini subscriber resync entry --where 'region = 7'`,
  ],
  async run(context, { args, options }) {
    if (args.length === 0 && options['all'] !== true) {
      throw new LondisteError('usage', 'subscriber resync needs a table', {
        hint: 'name tables, or type: subscriber resync --all',
      });
    }
    const { expectSync, skipTruncate, shadow, where } = options as ResyncOptions;
    const maxRate = numberOption('--max-rate', options['maxRate'], { kind: 'rate' });
    const pauseLagMs = numberOption('--pause-lag', options['pauseLag'], { kind: 'duration' });
    const how = { expectSync, skipTruncate, shadow, where, maxRate, pauseLagMs };
    const tables = await withEnds(context, (ends) => resyncTables(ends, args, how));
    for (const table of tables)
      context.say(expectSync === true ? `Taken for equal: ${table}` : `Copying anew: ${table}`);
  },
};
