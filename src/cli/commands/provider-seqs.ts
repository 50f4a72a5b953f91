import { listProviderSequences } from '../../setup/provider.js';
import type { LondisteCommand } from '../command.js';
import { withProvider } from '../context.js';

export const providerSeqs: LondisteCommand = {
  words: 'provider seqs',
  summary: 'list the sequences of the set, one a line',
  async run(context) {
    const sequences = await withProvider(context, (provider) =>
      listProviderSequences(provider, context.settings.subscription.queue),
    );
    for (const sequence of sequences) context.say(sequence);
  },
};
