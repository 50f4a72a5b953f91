import { installSubscriber } from '../../setup/subscription.js';
import type { LondisteCommand } from '../command.js';
import { withEnds } from '../context.js';

export const subscriberInstall: LondisteCommand = {
  words: 'subscriber install',
  summary: 'install the schema londiste on the subscriber',
  async run(context) {
    for (const line of await withEnds(context, installSubscriber)) context.say(line);
  },
};
