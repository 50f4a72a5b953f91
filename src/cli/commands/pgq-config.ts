import type { OwnSettings, QueueInfo } from '../../pgq/queue.js';
import { queueSettings } from '../../setup/queue-status.js';
import { configureQueue } from '../../setup/queues.js';
import type { PgqadmCommand } from '../command.js';
import { withDatabase } from '../context.js';
import { jsonOption, tell } from '../tables.js';

export const config: PgqadmCommand = {
  words: 'config',
  takes: '[queue] [settings...]',
  summary: 'show the settings of queues, or change those of one',
  options: [jsonOption],
  examples: [
    'pgqadm ticker.ini config',
    'pgqadm ticker.ini config londiste.write ticker_max_lag="50 milliseconds"',
  ],
  async run(context, { args: [queue, ...settings], options }) {
    const found = await withDatabase(context, async (database) => {
      if (queue !== undefined) await configureQueue(database, queue, settings);
      return await queueSettings(database, queue);
    });
    const all = found.map((info) => ({ queue: info.queueName, ...settingsOf(info) }));
    tell(context, options, all, found.flatMap(settingsLines));
  },
};

function settingsOf(info: QueueInfo & OwnSettings): Record<string, string | number | boolean> {
  return {
    ticker_max_count: info.tickerMaxCount,
    ticker_max_lag: info.tickerMaxLag,
    ticker_idle_period: info.tickerIdlePeriod,
    ticker_paused: info.tickerPaused,
    rotation_period: info.rotationPeriod,
    external_ticker: info.externalTicker,
    consumer_drop_after: info.consumerDropAfter ?? 'never',
    ticks_kept: info.ticksKept,
  };
}

function settingsLines(info: QueueInfo & OwnSettings): string[] {
  const settings = Object.entries(settingsOf(info));
  return [info.queueName, ...settings.map(([name, value]) => `    ${name.padEnd(19)} = ${value}`)];
}
