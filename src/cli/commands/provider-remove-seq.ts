import { removeProviderSequences } from '../../setup/provider.js';
import type { LondisteCommand } from '../command.js';
import { withProvider } from '../context.js';

export const providerRemoveSeq: LondisteCommand = {
  words: 'provider remove-seq',
  takes: '<sequence...>',
  summary: 'take sequences out of the set',
  async run(context, { args }) {
    const removed = await withProvider(context, (provider) =>
      removeProviderSequences(provider, context.settings.subscription.queue, args),
    );
    for (const sequence of removed) context.say(`Removed: ${sequence}`);
  },
};
