import { LondisteError } from '../../kernel/errors.js';
import { checkProvider } from '../../setup/provider.js';
import type { LondisteCommand } from '../command.js';
import { withProvider } from '../context.js';

export const providerCheck: LondisteCommand = {
  words: 'provider check',
  summary: 'look whether all changes of the set are captured; exit code 1 when some may not be',
  options: [{ flags: '--json', summary: 'one JSON object, for programs' }],
  async run(context, { options }) {
    const found = await withProvider(context, (provider) =>
      checkProvider(provider, context.settings.subscription.queue),
    );
    const { tables, sequences, faults } = found;
    const wrong = faults.filter(({ isFault }) => isFault);
    if (options['json'] === true) {
      context.say(JSON.stringify(found, undefined, 2));
    } else {
      for (const { object, what, fix, isFault } of faults)
        context.say(`${isFault ? '' : 'note: '}${object}: ${what}\n  ${fix}`);
      if (wrong.length === 0)
        context.say(`${tables} tables and ${sequences} sequences: all changes are captured`);
    }
    if (wrong.length === 0) return;
    throw new LondisteError('refused', `${wrong.length} faults found`, {
      hint: 'each is listed with what mends it',
    });
  },
};
