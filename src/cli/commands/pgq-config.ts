import type { Session } from '../../db/session.js';
import type { OwnSettings, QueueInfo } from '../../pgq/queue.js';
import { queueSettings } from '../../setup/queue-status.js';
import { configureQueue } from '../../setup/queues.js';
import type { PgqadmCommand } from '../command.js';
import { tellOfDatabases } from '../databases.js';
import { jsonOption } from '../tables.js';

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
    const work = async (database: Session): Promise<Shown[]> => {
      if (queue !== undefined) await configureQueue(database, queue, settings);
      const found = await queueSettings(database, queue);
      return found.map((info) => ({ queue: info.queueName, ...settingsOf(info) }));
    };
    const linesOf = (all: readonly Shown[]): string[] => all.flatMap(settingsLines);
    await tellOfDatabases(context, options, { work, linesOf, queue });
  },
};

type Info = QueueInfo & OwnSettings;

/** A queue's name and its settings, as they are written. */
type Shown = { readonly queue: string } & Readonly<Record<string, string | number | boolean>>;

function settingsOf(info: Info): Record<string, string | number | boolean> {
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

function settingsLines({ queue, ...all }: Shown): string[] {
  const settings = Object.entries(all);
  return [queue, ...settings.map(([name, value]) => `    ${name.padEnd(19)} = ${value}`)];
}
