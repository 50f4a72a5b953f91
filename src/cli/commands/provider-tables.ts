import { listProviderTables } from '../../setup/provider.js';
import type { LondisteCommand } from '../command.js';
import { withProvider } from '../context.js';

export const providerTables: LondisteCommand = {
  words: 'provider tables',
  summary: 'list the tables of the set, one a line',
  async run(context) {
    const tables = await withProvider(context, (provider) =>
      listProviderTables(provider, context.settings.subscription.queue),
    );
    for (const table of tables) context.say(table);
  },
};
