import { makeQueue } from '../../setup/queues.js';
import type { PgqadmCommand } from '../command.js';
import { withDatabase } from '../context.js';

export const create: PgqadmCommand = {
  words: 'create',
  takes: '<queue>',
  summary: 'create a queue',
  async run(context, { args: [queue = ''] }) {
    await withDatabase(context, (database) => makeQueue(database, queue));
    context.say(`Created: ${queue}`);
  },
};
