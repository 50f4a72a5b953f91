import { removeConsumer } from '../../setup/queues.js';
import type { PgqadmCommand } from '../command.js';
import { withDatabase } from '../context.js';

export const unregister: PgqadmCommand = {
  words: 'unregister',
  takes: '<queue> <consumer>',
  summary: 'unregister a consumer; events that it has not seen are lost to it',
  async run(context, { args: [queue = '', consumer = ''] }) {
    await withDatabase(context, (database) => removeConsumer(database, queue, consumer));
    context.say(`Unregistered: ${consumer} from ${queue}`);
  },
};
