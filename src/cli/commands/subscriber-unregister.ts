import { unregisterSubscriber } from '../../setup/subscription.js';
import type { LondisteCommand } from '../command.js';
import { withEnds } from '../context.js';
import { counted } from '../counted.js';

export const subscriberUnregister: LondisteCommand = {
  words: 'subscriber unregister',
  summary: 'unregister the consumer; every table is copied anew once it is registered again',
  async run(context) {
    const { queue, consumer } = context.settings.subscription;
    const tables = await withEnds(context, unregisterSubscriber);
    context.say(
      `Consumer ${consumer} on queue ${queue}: unregistered; to be copied anew: ${counted(tables, 'table')}`,
    );
  },
};
