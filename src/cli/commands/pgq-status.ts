import { queueStatus, type QueueStatus } from '../../setup/queue-status.js';
import type { PgqadmCommand } from '../command.js';
import { tellOfDatabases } from '../databases.js';
import { columns, jsonOption, seconds } from '../tables.js';

export const status: PgqadmCommand = {
  words: 'status',
  summary: 'show versions, queues with their ticks, and consumers with their lags',
  options: [jsonOption],
  async run(context, { options }) {
    await tellOfDatabases(context, options, { work: queueStatus, linesOf: statusLines });
  },
};

function statusLines({ postgres, pgq, ticker, queues, consumers, errors }: QueueStatus): string[] {
  const queueRows = queues.map((info) => [
    info.queueName,
    `${info.tables}/${info.rotationPeriod}`,
    `${info.tickerMaxCount}/${info.tickerMaxLag}/${info.tickerIdlePeriod}`,
    seconds(info.tickerLag),
    info.eventsPerSecond === null ? '-' : info.eventsPerSecond.toFixed(1),
    `${info.newEvents ?? 0}`,
    [
      ...(info.tickerPaused ? ['paused'] : []),
      ...(info.externalTicker ? ['external ticker'] : []),
      ...errors
        .filter(({ queueName }) => queueName === info.queueName)
        .map(({ message }) => `cannot be ticked: ${message}`),
    ].join(', '),
  ]);
  const consumerRows = consumers.map((info) => [
    `${info.queueName}: ${info.consumerName}`,
    seconds(info.lag),
    seconds(info.lastSeen),
    `${info.pendingEvents ?? 0}`,
    info.isStale ? 'does not run, holds up rotation' : '',
  ]);
  return [
    `Postgres version: ${postgres}   PgQ version: ${pgq}`,
    ...(ticker ? [] : ['No ticker of ours is connected: pgqadm CONFIG ticker -d']),
    '',
    ...columns([['Event queue', 'Rotation', 'Ticker', 'TLag', 'EPS', 'New', ''], ...queueRows]),
    '',
    ...columns([['Consumer', 'Lag', 'LastSeen', 'Pending', ''], ...consumerRows]),
  ];
}
