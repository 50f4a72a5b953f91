import { addProviderSequences } from '../../setup/provider.js';
import type { LondisteCommand } from '../command.js';
import { withProvider } from '../context.js';

export const providerAddSeq: LondisteCommand = {
  words: 'provider add-seq',
  takes: '<sequence...>',
  summary: 'put sequences into the set',
  async run(context, { args }) {
    const added = await withProvider(context, (provider) =>
      addProviderSequences(provider, context.settings.subscription.queue, args),
    );
    for (const sequence of added) context.say(`Added: ${sequence}`);
  },
};
