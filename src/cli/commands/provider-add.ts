import { addProviderTables } from '../../setup/provider.js';
import type { LondisteCommand } from '../command.js';
import { withProvider } from '../context.js';

export const providerAdd: LondisteCommand = {
  words: 'provider add',
  takes: '<table...>',
  summary: 'capture the changes of tables in the queue from now on',
  examples: [
    'londiste replica.ini provider add entry',
    'londiste replica.ini provider add shop.orders \'"Odd Schema"."my table"\'',
  ],
  async run(context, { args }) {
    const added = await withProvider(context, (provider) =>
      addProviderTables(provider, context.settings.subscription.queue, args),
    );
    for (const table of added) context.say(`Added: ${table}`);
  },
};
