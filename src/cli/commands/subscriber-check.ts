import { LondisteError } from '../../kernel/errors.js';
import { checkSubscription } from '../../setup/subscription.js';
import type { LondisteCommand } from '../command.js';
import { withEnds } from '../context.js';

export const subscriberCheck: LondisteCommand = {
  words: 'subscriber check',
  summary:
    'compare the tables and sequences of the set on both sides; exit code 1 when something does not fit',
  options: [{ flags: '--json', summary: 'one JSON object, for programs' }],
  async run(context, { options }) {
    const found = await withEnds(context, checkSubscription);
    const { tables, sequences, faults } = found;
    const isJson = options['json'] === true;
    if (isJson) context.say(JSON.stringify(found, undefined, 2));
    else for (const { what, fix } of faults) context.say(`${what}\n  ${fix}`);
    if (faults.length > 0) {
      throw new LondisteError('refused', `${faults.length} faults found`, {
        hint: 'each is listed with what mends it',
      });
    }
    if (!isJson) context.say(`${tables} tables and ${sequences} sequences fit`);
  },
};
