import { checkSubscription } from '../../setup/subscription.js';
import type { LondisteCommand } from '../command.js';
import { withEnds } from '../context.js';
import { counted } from '../counted.js';
import { tellFaults } from '../faults.js';

export const subscriberCheck: LondisteCommand = {
  words: 'subscriber check',
  summary:
    'compare the tables and sequences of the set on both sides; exit code 1 when something does not fit',
  options: [{ flags: '--json', summary: 'one JSON object, for programs' }],
  async run(context, { options }) {
    const found = await withEnds(context, checkSubscription);
    const { tables, sequences, faults } = found;
    tellFaults(context, found, {
      json: options['json'] === true,
      wrong: faults,
      show: ({ what }) => what,
      whole: `all fits: ${counted(tables, 'table')} and ${counted(sequences, 'sequence')}`,
    });
  },
};
