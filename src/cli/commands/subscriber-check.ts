import { LondisteError } from '../../kernel/errors.js';
import { checkSubscription } from '../../setup/subscription.js';
import type { LondisteCommand } from '../command.js';
import { withEnds } from '../context.js';

export const subscriberCheck: LondisteCommand = {
  words: 'subscriber check',
  summary:
    'compare the tables and sequences of the set on both sides; exit code 1 when something does not fit',
  async run(context) {
    const { tables, sequences, faults } = await withEnds(context, checkSubscription);
    for (const { what, fix } of faults) context.say(`${what}\n  ${fix}`);
    if (faults.length > 0) {
      throw new LondisteError('refused', `${faults.length} faults found`, {
        hint: 'each is listed with what mends it',
      });
    }
    context.say(`${tables} tables and ${sequences} sequences fit`);
  },
};
