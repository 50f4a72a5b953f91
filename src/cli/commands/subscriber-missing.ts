import { listMissing } from '../../setup/subscription.js';
import type { LondisteCommand } from '../command.js';
import { withEnds } from '../context.js';

export const subscriberMissing: LondisteCommand = {
  words: 'subscriber missing',
  summary: 'list what is in the set and not in this subscription',
  async run(context) {
    const { tables, sequences } = await withEnds(context, listMissing);
    for (const table of tables) context.say(`Table: ${table}`);
    for (const sequence of sequences) context.say(`Sequence: ${sequence}`);
  },
};
