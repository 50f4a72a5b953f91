import { configureQueue, describeQueues } from '../../setup/queues.js';
import type { PgqadmCommand } from '../command.js';
import { withDatabase } from '../context.js';

export const config: PgqadmCommand = {
  words: 'config',
  takes: '[queue] [settings...]',
  summary: 'show the settings of queues, or change those of one',
  examples: [
    'pgqadm ticker.ini config',
    'pgqadm ticker.ini config londiste.write ticker_max_lag="50 milliseconds"',
  ],
  async run(context, { args: [queue, ...settings] }) {
    const lines = await withDatabase(context, async (database) => {
      if (queue !== undefined) await configureQueue(database, queue, settings);
      return await describeQueues(database, queue);
    });
    for (const line of lines) context.say(line);
  },
};
