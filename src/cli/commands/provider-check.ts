import { checkProvider } from '../../setup/provider.js';
import type { LondisteCommand } from '../command.js';
import { withProvider } from '../context.js';
import { counted } from '../counted.js';
import { tellFaults } from '../faults.js';

export const providerCheck: LondisteCommand = {
  words: 'provider check',
  summary: 'look whether all changes of the set are captured; exit code 1 when some may not be',
  options: [{ flags: '--json', summary: 'one JSON object, for programs' }],
  async run(context, { options }) {
    const found = await withProvider(context, (provider) =>
      checkProvider(provider, context.settings.subscription.queue),
    );
    const { tables, sequences, faults } = found;
    tellFaults(context, found, {
      json: options['json'] === true,
      wrong: faults.filter(({ isFault }) => isFault),
      show: ({ object, what, isFault }) => `${isFault ? '' : 'note: '}${object}: ${what}`,
      whole: `${counted(tables, 'table')} and ${counted(sequences, 'sequence')}: all changes are captured`,
    });
  },
};
