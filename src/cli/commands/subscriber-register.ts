import { registerSubscriber } from '../../setup/subscription.js';
import type { LondisteCommand } from '../command.js';
import { withEnds } from '../context.js';

export const subscriberRegister: LondisteCommand = {
  words: 'subscriber register',
  summary: 'register the consumer on the provider, which keeps events for it from now on',
  async run(context) {
    const { queue, consumer } = context.settings.subscription;
    const outcome = await withEnds(context, registerSubscriber);
    context.say(`Consumer ${consumer} on queue ${queue}: ${outcome}`);
  },
};
