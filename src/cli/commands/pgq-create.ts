import { makeQueue } from '../../setup/queues.js';
import type { PgqadmCommand } from '../command.js';
import { withDatabase } from '../databases.js';
import { jsonOption, tell } from '../tables.js';

export const create: PgqadmCommand = {
  words: 'create',
  takes: '<queue>',
  summary: 'create a queue',
  options: [jsonOption],
  async run(context, { args: [queue = ''], options }) {
    await withDatabase(context, (database) => makeQueue(database, queue));
    tell(context, options, { queue, created: true }, [`Created: ${queue}`]);
  },
};
