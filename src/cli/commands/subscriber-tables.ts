import { listTables } from '../../setup/subscriber-tables.js';
import type { LondisteCommand } from '../command.js';
import { withSubscriber } from '../context.js';

export const subscriberTables: LondisteCommand = {
  words: 'subscriber tables',
  summary: 'list the tables of this subscription with their states',
  async run(context) {
    const tables = await withSubscriber(context, (subscriber) =>
      listTables(subscriber, context.settings.subscription),
    );
    context.say(`${'Table'.padEnd(30)}   ${'State'.padStart(20)}`);
    for (const { name, state, error } of tables) {
      context.say(`${name.padEnd(30)}   ${state.padStart(20)}${error === undefined ? '' : `   ${error}`}`);
    }
  },
};
