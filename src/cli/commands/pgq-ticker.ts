import type { PgqadmSettings } from '../../config/load.js';
import type { DaemonContext } from '../../daemon/replay.js';
import type { PgqadmCommand } from '../command.js';
import { runDaemon } from '../context.js';
import { withDatabase } from '../databases.js';

export const ticker: PgqadmCommand = {
  words: 'ticker',
  summary:
    'cut all queues into batches, and maintain them (-d: in the background): of the database of a section [pgqadm], or of all databases that a section [pgqd] means',
  examples: ['pgqadm ticker.ini ticker -d', 'pgqadm pgqd.ini ticker -d', 'pgqadm ticker.ini -s'],
  async run(context) {
    const { settings } = context;
    // What is wrong with the connection is told to whoever starts the daemon, not to a log.
    if (settings.database) await withDatabase(context, () => Promise.resolve());
    await runDaemon(context, async (daemon) => {
      const { runReloading } = await import('../../daemon/reloading.js');
      for (const warning of settings.warnings) daemon.log.warn(warning);
      await runReloading(context, daemon, tick);
    });
  },
};

async function tick(settings: PgqadmSettings, daemon: DaemonContext): Promise<void> {
  if (settings.server) {
    const { runServerTicker } = await import('../../daemon/server-ticker.js');
    await runServerTicker(settings, daemon);
  } else {
    const { runTicker } = await import('../../daemon/ticker.js');
    await runTicker(settings, daemon);
  }
}
