import { LondisteError } from '../../kernel/errors.js';
import { addProviderTables } from '../../setup/provider.js';
import type { CaptureOptions } from '../../londiste/provider.js';
import type { Call, LondisteCommand } from '../command.js';
import { withProvider } from '../context.js';

export const providerAdd: LondisteCommand = {
  words: 'provider add',
  takes: '[table...]',
  summary:
    'capture the changes of tables in the queue from now on; * and ? stand for any characters, and one',
  options: [
    {
      flags: '--all',
      summary:
        'all tables of the database that are not in the set, in every schema; partitions with their whole',
    },
    { flags: '--except <table...>', summary: 'of those that a pattern or --all means, leave these out' },
    {
      flags: '--capture <form>',
      summary: 'by triggers for each statement, or for each row (default: what suits the table)',
    },
    {
      flags: '--key <index>',
      summary: 'know rows by the columns of this unique index, not by the primary key',
    },
    { flags: '--full-row', summary: 'for a table without a key: know rows by all of their columns' },
    {
      flags: '--insert-only',
      summary: 'for a table without a key: rows only come; an UPDATE or DELETE parks the table',
    },
    { flags: '--where <condition>', summary: 'only rows that fit; one that ceases to is deleted there' },
  ],
  examples: [
    'londiste replica.ini provider add entry',
    'londiste replica.ini provider add shop.orders \'"Odd Schema"."my table"\'',
    "londiste replica.ini provider add 'shop.*' --except 'shop.log_*'",
    "londiste replica.ini provider add orders --where 'region = 7'",
    'londiste replica.ini provider add event_log --insert-only',
  ],
  async run(context, { args, options }) {
    if ((args.length === 0) !== (options['all'] === true)) {
      throw new LondisteError('usage', 'provider add needs tables, or --all', {
        hint: 'name tables, or type: provider add --all',
      });
    }
    const added = await withProvider(context, (provider) =>
      addProviderTables(
        provider,
        context.settings.subscription.queue,
        options['all'] === true ? ['*.*'] : args,
        { except: (options['except'] ?? []) as readonly string[], ...captureOptions(options) },
      ),
    );
    for (const table of added) context.say(`Added: ${table}`);
  },
};

function captureOptions({ capture, key, fullRow, insertOnly, where }: Call['options']): CaptureOptions {
  const identities = [
    ...(typeof key === 'string' ? [{ index: key }] : []),
    ...(fullRow === true ? ['full' as const] : []),
    ...(insertOnly === true ? ['nothing' as const] : []),
  ];
  const [identity] = identities;
  if (identities.length > 1) {
    throw new LondisteError('usage', 'a table is known by one thing: --key, --full-row or --insert-only', {
      hint: 'give one of them',
    });
  }
  if (capture !== undefined && capture !== 'statement' && capture !== 'row') {
    throw new LondisteError('usage', `--capture is statement or row, not ${JSON.stringify(capture)}`, {
      hint: 'give --capture statement or --capture row',
    });
  }
  return {
    ...(capture && { capture }),
    ...(identity && { identity }),
    ...(typeof where === 'string' && { where }),
  };
}
