import { installProvider } from '../../setup/provider.js';
import type { LondisteCommand } from '../command.js';
import { withProvider } from '../context.js';

export const providerInstall: LondisteCommand = {
  words: 'provider install',
  summary: 'install the schemas pgq and londiste on the provider and create the queue',
  async run(context) {
    const done = await withProvider(context, (provider) =>
      installProvider(provider, context.settings.subscription.queue),
    );
    for (const line of done) context.say(line);
  },
};
