import { upgradeQueues } from '../../setup/queues.js';
import type { PgqadmCommand } from '../command.js';
import { withDatabase } from '../context.js';
import { jsonOption, tell } from '../tables.js';

export const upgrade: PgqadmCommand = {
  words: 'upgrade',
  summary: 'bring what is installed to the version of this program; queues, consumers and events stay',
  options: [jsonOption],
  async run(context, { options }) {
    const outcome = await withDatabase(context, upgradeQueues);
    tell(context, options, { pgq: outcome }, [`schema pgq: ${outcome}`]);
  },
};
