import { installQueues } from '../../setup/queues.js';
import type { PgqadmCommand } from '../command.js';
import { withDatabase } from '../context.js';

export const install: PgqadmCommand = {
  words: 'install',
  summary: 'install the schema pgq',
  async run(context) {
    context.say(`schema pgq: ${await withDatabase(context, installQueues)}`);
  },
};
