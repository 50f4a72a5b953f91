import { LondisteError } from '../../kernel/errors.js';
import { addProviderTables } from '../../setup/provider.js';
import type { LondisteCommand } from '../command.js';
import { withProvider } from '../context.js';

export const providerAdd: LondisteCommand = {
  words: 'provider add',
  takes: '[table...]',
  summary:
    'capture the changes of tables in the queue from now on; * and ? stand for any characters, and one',
  options: [
    { flags: '--all', summary: 'all tables of the database that are not in the set, in every schema' },
    { flags: '--except <table...>', summary: 'of those that a pattern or --all means, leave these out' },
  ],
  examples: [
    'londiste replica.ini provider add entry',
    'londiste replica.ini provider add shop.orders \'"Odd Schema"."my table"\'',
    "londiste replica.ini provider add 'shop.*' --except 'shop.log_*'",
  ],
  async run(context, { args, options }) {
    if ((args.length === 0) !== (options['all'] === true)) {
      throw new LondisteError('usage', 'provider add needs tables, or --all', {
        hint: 'name tables, or type: provider add --all',
      });
    }
    const except = (options['except'] ?? []) as readonly string[];
    const added = await withProvider(context, (provider) =>
      addProviderTables(
        provider,
        context.settings.subscription.queue,
        options['all'] === true ? ['*.*'] : args,
        except,
      ),
    );
    for (const table of added) context.say(`Added: ${table}`);
  },
};
