import { removeQueue } from '../../setup/queues.js';
import type { PgqadmCommand } from '../command.js';
import { withDatabase } from '../context.js';

export const drop: PgqadmCommand = {
  words: 'drop',
  takes: '<queue>',
  summary: 'drop a queue that has no consumers',
  async run(context, { args: [queue = ''] }) {
    await withDatabase(context, (database) => removeQueue(database, queue));
    context.say(`Dropped: ${queue}`);
  },
};
