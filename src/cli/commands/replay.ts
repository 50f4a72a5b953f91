import { requireBoth } from '../../setup/ends.js';
import type { LondisteCommand } from '../command.js';
import { runDaemon, withEnds } from '../context.js';

export const replay: LondisteCommand = {
  words: 'replay',
  summary: 'copy tables and apply changes until stopped (-d: in the background)',
  async run(context) {
    const { settings } = context;
    // What stands in the way of a start is told to whoever starts the daemon, not to a log.
    await withEnds(context, requireBoth);
    await runDaemon(context, async (daemon) => {
      const { runReplay } = await import('../../daemon/replay.js');
      await runReplay({ ...settings, name: settings.subscription }, daemon);
    });
  },
};
