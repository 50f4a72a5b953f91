import { installWithCompanions, upgradeQueues } from '../../setup/queues.js';
import type { PgqadmCommand } from '../command.js';
import { withDatabase } from '../databases.js';
import { jsonOption, tell } from '../tables.js';

export const install = installing({
  words: 'install',
  summary: 'install the schemas pgq, pgq_coop and pgq_ext',
  work: installWithCompanions,
});

export const upgrade = installing({
  words: 'upgrade',
  summary: 'bring what is installed to the version of this program; queues, consumers and events stay',
  work: upgradeQueues,
});

function installing({
  words,
  summary,
  work,
}: {
  words: string;
  summary: string;
  work: typeof installWithCompanions;
}): PgqadmCommand {
  return {
    words,
    summary,
    options: [jsonOption],
    async run(context, { options }) {
      const done = await withDatabase(context, work, { mayBeBare: true });
      const lines = Object.entries(done).map(([schema, outcome]) => `schema ${schema}: ${outcome}`);
      tell(context, options, done, lines);
    },
  };
}
