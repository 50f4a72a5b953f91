import { queueStatus } from '../../setup/queues.js';
import type { PgqadmCommand } from '../command.js';
import { withDatabase } from '../context.js';

export const status: PgqadmCommand = {
  words: 'status',
  summary: 'show queues and consumers with their lags',
  async run(context) {
    for (const line of await withDatabase(context, queueStatus)) context.say(line);
  },
};
