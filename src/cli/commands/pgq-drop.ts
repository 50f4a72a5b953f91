import { removeQueue } from '../../setup/queues.js';
import type { PgqadmCommand } from '../command.js';
import { withDatabase } from '../databases.js';
import { jsonOption, tell } from '../tables.js';

export const drop: PgqadmCommand = {
  words: 'drop',
  takes: '<queue>',
  summary: 'drop a queue that has no consumers',
  options: [jsonOption],
  async run(context, { args: [queue = ''], options }) {
    await withDatabase(context, (database) => removeQueue(database, queue), { queue });
    tell(context, options, { queue, dropped: true }, [`Dropped: ${queue}`]);
  },
};
