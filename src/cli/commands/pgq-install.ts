import { installWithCompanions } from '../../setup/queues.js';
import type { PgqadmCommand } from '../command.js';
import { withDatabase } from '../context.js';

export const install: PgqadmCommand = {
  words: 'install',
  summary: 'install the schemas pgq, pgq_coop and pgq_ext',
  async run(context) {
    for (const line of await withDatabase(context, installWithCompanions)) context.say(line);
  },
};
