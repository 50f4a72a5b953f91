import type { PgqadmCommand } from '../command.js';
import { runDaemon, withDatabase } from '../context.js';

export const ticker: PgqadmCommand = {
  words: 'ticker',
  summary: 'cut all queues of the database into batches, and maintain them (-d: in the background)',
  async run(context) {
    const { settings } = context;
    // What is wrong with the connection is told to whoever starts the daemon, not to a log.
    await withDatabase(context, () => Promise.resolve());
    await runDaemon(context, async (daemon) => {
      const { runTicker } = await import('../../daemon/ticker.js');
      await runTicker(settings, daemon);
    });
  },
};
