import { removeConsumer } from '../../setup/queues.js';
import type { PgqadmCommand } from '../command.js';
import { withDatabase } from '../databases.js';
import { jsonOption, tell } from '../tables.js';

export const unregister: PgqadmCommand = {
  words: 'unregister',
  takes: '<queue> <consumer>',
  summary: 'unregister a consumer; events that it has not seen are lost to it',
  options: [jsonOption],
  async run(context, { args: [queue = '', consumer = ''], options }) {
    await withDatabase(context, (database) => removeConsumer(database, queue, consumer), { queue });
    tell(context, options, { queue, consumer, unregistered: true }, [
      `Unregistered: ${consumer} from ${queue}`,
    ]);
  },
};
