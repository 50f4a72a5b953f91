import { LondisteError } from '../../kernel/errors.js';
import { removeSubscriberSequences } from '../../setup/subscriber-sequences.js';
import type { LondisteCommand } from '../command.js';
import { withEnds } from '../context.js';

export const subscriberRemoveSeq: LondisteCommand = {
  words: 'subscriber remove-seq',
  takes: '[sequence...]',
  summary: 'stop replicating sequences; their values stay',
  options: [{ flags: '--all', summary: 'all sequences of this subscription' }],
  async run(context, { args, options }) {
    if (args.length === 0 && options['all'] !== true) {
      throw new LondisteError('usage', 'subscriber remove-seq needs a sequence', {
        hint: 'name sequences, or type: subscriber remove-seq --all',
      });
    }
    for (const sequence of await withEnds(context, (ends) => removeSubscriberSequences(ends, args)))
      context.say(`Removed: ${sequence}`);
  },
};
