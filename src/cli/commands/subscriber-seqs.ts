import { listSequences } from '../../setup/subscriber-sequences.js';
import type { LondisteCommand } from '../command.js';
import { withSubscriber } from '../context.js';

export const subscriberSeqs: LondisteCommand = {
  words: 'subscriber seqs',
  summary: 'list the sequences of this subscription, one a line',
  async run(context) {
    const sequences = await withSubscriber(context, (subscriber) =>
      listSequences(subscriber, context.settings.subscription),
    );
    for (const { name } of sequences) context.say(name);
  },
};
