import { LondisteError } from '../../kernel/errors.js';
import { addSubscriberSequences } from '../../setup/subscriber-sequences.js';
import type { LondisteCommand } from '../command.js';
import { withEnds } from '../context.js';

export const subscriberAddSeq: LondisteCommand = {
  words: 'subscriber add-seq',
  takes: '[sequence...]',
  summary: 'replicate sequences of the set',
  options: [{ flags: '--all', summary: 'all sequences of the set that are missing here' }],
  async run(context, { args, options }) {
    if (args.length === 0 && options['all'] !== true) {
      throw new LondisteError('usage', 'subscriber add-seq needs a sequence', {
        hint: 'name sequences, or type: subscriber add-seq --all',
      });
    }
    for (const sequence of await withEnds(context, (ends) => addSubscriberSequences(ends, args)))
      context.say(`Added: ${sequence}`);
  },
};
