import {
  listRetryEvents,
  retryDrop,
  retryNow,
  type RetryChoice,
  type RetryEvent,
} from '../../pgq/retry-queue.js';
import { retryOnce } from '../../ticker/maintainer.js';
import { requirePgq, requireQueue } from '../../setup/queues.js';
import type { Call, CommandOption, PgqadmCommand } from '../command.js';
import type { PgqadmContext } from '../context.js';
import { tellOfDatabases, withDatabase } from '../databases.js';
import type { Session } from '../../db/session.js';
import { idsOf, mostOf, mostOption, requireChoice } from '../choices.js';
import { columns, jsonOption, oneLine, tell } from '../tables.js';

const choices: readonly CommandOption[] = [
  { flags: '--consumer <name>', summary: 'only those of this consumer' },
  { flags: '--id <event...>', summary: 'only the events of these ids' },
];

const allOption: CommandOption = { flags: '--all', summary: 'all of the queue' };

export const retryList: PgqadmCommand = {
  words: 'retry list',
  takes: '[queue]',
  summary: 'list the events that consumers want to see again, what is due first',
  options: [...choices, mostOption, jsonOption],
  async run(context, call) {
    const { options } = call;
    const most = mostOf(options);
    const dataLength = options['json'] === true ? 1_000_000 : 200;
    const linesOf = (found: readonly RetryEvent[]): string[] => {
      const rows = found.map((event) => [
        `${event.queue}: ${event.consumer ?? '-'}`,
        String(event.id),
        event.due,
        event.isDue ? 'due' : '',
        String(event.retries),
        oneLine(event.type, 40),
        oneLine(event.data, 60),
      ]);
      const lines = columns([['Consumer', 'Event', 'At', '', 'Retries', 'Type', 'Data'], ...rows]);
      return [...lines, ...(found.length < most ? [] : [`(the first ${most})`])];
    };
    const work = choosing(call, (database, choice) =>
      listRetryEvents(database, choice, { most, dataLength }),
    );
    await tellOfDatabases(context, options, { work, linesOf, queue: call.args[0] });
  },
};

export const retryNowCommand: PgqadmCommand = {
  words: 'retry now',
  takes: '<queue>',
  summary: 'send events of the retry queue now, before their time',
  options: [...choices, allOption, jsonOption],
  examples: [
    'pgqadm ticker.ini retry now orders --consumer mailer',
    'pgqadm ticker.ini retry now orders --id 17 18',
  ],
  async run(context, call) {
    requireChoice(call.options, ['all', 'consumer', 'id']);
    const sent = await withChoice(context, call, async (database, choice) => {
      const hastened = await retryNow(database, choice);
      await retryOnce(database);
      return hastened;
    });
    tell(context, call.options, { sent }, [`Sent: ${sent} events`]);
  },
};

export const retryDropCommand: PgqadmCommand = {
  words: 'retry drop',
  takes: '<queue>',
  summary: 'take events out of the retry queue for good; their consumers never see them again',
  options: [...choices, allOption, jsonOption],
  examples: ['pgqadm ticker.ini retry drop orders --consumer mailer --id 17'],
  async run(context, call) {
    requireChoice(call.options, ['all', 'consumer', 'id']);
    const dropped = await withChoice(context, call, retryDrop);
    tell(context, call.options, { dropped }, [`Dropped: ${dropped} events`]);
  },
};

function withChoice<T>(
  context: PgqadmContext,
  call: Call,
  work: (database: Session, choice: RetryChoice) => Promise<T>,
): Promise<T> {
  return withDatabase(context, choosing(call, work), { queue: call.args[0] });
}

/** Work on the events that were chosen, in a database that has the queue. */
function choosing<T>(
  { args: [queue], options }: Call,
  work: (database: Session, choice: RetryChoice) => Promise<T>,
): (database: Session) => Promise<T> {
  const { consumer } = options;
  const ids = idsOf('--id', options['id']);
  return async (database) => {
    if (queue === undefined) await requirePgq(database);
    else await requireQueue(database, queue);
    return await work(database, {
      queue,
      consumer: typeof consumer === 'string' ? consumer : undefined,
      ids,
    });
  };
}
