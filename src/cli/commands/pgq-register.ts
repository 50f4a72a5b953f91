import { addConsumer } from '../../setup/queues.js';
import type { PgqadmCommand } from '../command.js';
import { withDatabase } from '../context.js';

export const register: PgqadmCommand = {
  words: 'register',
  takes: '<queue> <consumer>',
  summary: 'register a consumer, which sees events from now on',
  async run(context, { args: [queue = '', consumer = ''] }) {
    await withDatabase(context, (database) => addConsumer(database, queue, consumer));
    context.say(`Registered: ${consumer} on ${queue}`);
  },
};
