import { removeProviderTables } from '../../setup/provider.js';
import type { LondisteCommand } from '../command.js';
import { withProvider } from '../context.js';

export const providerRemove: LondisteCommand = {
  words: 'provider remove',
  takes: '<table...>',
  summary: 'stop capturing tables; their rows stay on both sides',
  async run(context, { args }) {
    const removed = await withProvider(context, (provider) =>
      removeProviderTables(provider, context.settings.subscription.queue, args),
    );
    for (const table of removed) context.say(`Removed: ${table}`);
  },
};
