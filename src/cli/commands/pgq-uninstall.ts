import { uninstallPgq } from '../../install/uninstall.js';
import { LondisteError } from '../../kernel/errors.js';
import { queueStatus } from '../../setup/queue-status.js';
import type { PgqadmCommand } from '../command.js';
import { withDatabase } from '../databases.js';
import { jsonOption, tell } from '../tables.js';

export const uninstall: PgqadmCommand = {
  words: 'uninstall',
  summary: 'drop all queues with their events, the triggers that feed them, and the schemas of PgQ',
  options: [{ flags: '--yes', summary: 'really do it; without, it only says what would go' }, jsonOption],
  examples: ['pgqadm ticker.ini uninstall', 'pgqadm ticker.ini uninstall --yes'],
  async run(context, { options }) {
    if (options['yes'] !== true) {
      const { queues, consumers } = await withDatabase(context, queueStatus);
      throw new LondisteError(
        'refused',
        `this would drop ${queues.length} queues with their events (${queues.map(({ queueName }) => queueName).join(', ')}) and ${consumers.length} consumers`,
        { hint: 'stop the ticker, and to go on: pgqadm CONFIG uninstall --yes' },
      );
    }
    const gone = await withDatabase(context, uninstallPgq);
    tell(context, options, gone, [
      ...gone.triggers.map((trigger) => `Dropped: trigger ${trigger}`),
      ...gone.schemas.map((schema) => `Dropped: schema ${schema}`),
      ...gone.roles.map((role) => `Dropped: role ${role}`),
      ...gone.rolesLeft.map((role) => `Left: role ${role}, which others use or this user may not drop`),
      ...(gone.schemas.length === 0 ? ['PgQ is not installed: nothing to do'] : []),
    ]);
  },
};
