import { addConsumer } from '../../setup/queues.js';
import type { PgqadmCommand } from '../command.js';
import { withDatabase } from '../databases.js';
import { jsonOption, tell } from '../tables.js';

export const register: PgqadmCommand = {
  words: 'register',
  takes: '<queue> <consumer>',
  summary: 'register a consumer, which sees events from now on',
  options: [jsonOption],
  async run(context, { args: [queue = '', consumer = ''], options }) {
    await withDatabase(context, (database) => addConsumer(database, queue, consumer), { queue });
    tell(context, options, { queue, consumer, registered: true }, [`Registered: ${consumer} on ${queue}`]);
  },
};
