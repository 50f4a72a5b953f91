import { asQueryable } from '../../db/queryable.js';
import type { Session } from '../../db/session.js';
import { deadPurge, deadRetry, getDeadEvents, type DeadLetter } from '../../pgq/dead-letter.js';
import { requirePgq, requireQueue } from '../../setup/queues.js';
import { idsOf, mostOf, mostOption, requireChoice } from '../choices.js';
import type { CommandOption, PgqadmCommand } from '../command.js';
import { tellOfDatabases, withDatabase } from '../databases.js';
import { columns, jsonOption, oneLine, tell } from '../tables.js';

const ofConsumer: CommandOption = { flags: '--consumer <name>', summary: 'only those of this consumer' };

export const deadList: PgqadmCommand = {
  words: 'dead list',
  takes: '[queue]',
  summary: 'list the events that consumers have given up, with the reasons',
  options: [ofConsumer, mostOption, jsonOption],
  async run(context, { args: [queue], options }) {
    const most = mostOf(options);
    const dataLength = options['json'] === true ? 1_000_000 : 200;
    const work = async (database: Session): Promise<Letter[]> => {
      if (queue === undefined) await requirePgq(database);
      else await requireQueue(database, queue);
      const found = await getDeadEvents(
        asQueryable(database),
        { queue, consumer: textOf(options['consumer']) },
        { most, dataLength },
      );
      return found.map(asLetter);
    };
    const linesOf = (letters: readonly Letter[]): string[] => {
      const rows = letters.map(({ letter, queue: of, consumer, time, event, type, reason, data }) => [
        String(letter),
        `${of}: ${consumer}`,
        time.toISOString(),
        String(event),
        oneLine(type, 40),
        oneLine(reason, 60),
        oneLine(data, 60),
      ]);
      const lines = columns([['Letter', 'Consumer', 'Died', 'Event', 'Type', 'Reason', 'Data'], ...rows]);
      return [...lines, ...(letters.length < most ? [] : [`(the first ${most})`])];
    };
    await tellOfDatabases(context, options, { work, linesOf, queue });
  },
};

interface Letter extends Omit<DeadLetter, 'id' | 'event'> {
  readonly letter: number;
  readonly event: number;
  readonly type: string | null;
  readonly data: string | null;
}

function asLetter({ id: letter, event: { id: event, type, data }, ...rest }: DeadLetter): Letter {
  return { letter, ...rest, event, type, data };
}

export const deadRetryCommand: PgqadmCommand = {
  words: 'dead retry',
  takes: '<letter...>',
  summary: 'give dead letters back to their consumers, as if they had never been retried',
  options: [jsonOption],
  examples: ['pgqadm ticker.ini dead retry 3 4'],
  async run(context, { args, options }) {
    const letters = idsOf('LETTER', args) ?? [];
    const given = await withDatabase(context, async (database) => {
      await requirePgq(database);
      const events: { letter: number; event: number }[] = [];
      for (const letter of letters)
        events.push({ letter, event: await deadRetry(asQueryable(database), letter) });
      return events;
    });
    const lines = given.map(({ letter, event }) => `Given back: letter ${letter}, event ${event}`);
    tell(context, options, given, lines);
  },
};

export const deadPurgeCommand: PgqadmCommand = {
  words: 'dead purge',
  takes: '[queue]',
  summary: 'delete dead letters',
  options: [
    ofConsumer,
    { flags: '--older-than <interval>', summary: "only those that are older, like '30 days'" },
    { flags: '--all', summary: 'all of them' },
    jsonOption,
  ],
  examples: [
    "pgqadm ticker.ini dead purge orders --older-than '30 days'",
    'pgqadm ticker.ini dead purge --all',
  ],
  async run(context, { args: [queue], options }) {
    requireChoice(options, ['all', 'consumer', 'olderThan']);
    const purged = await withDatabase(
      context,
      async (database) => {
        if (queue === undefined) await requirePgq(database);
        else await requireQueue(database, queue);
        const { consumer, olderThan } = options;
        return await deadPurge(asQueryable(database), {
          queue,
          consumer: textOf(consumer),
          olderThan: textOf(olderThan),
        });
      },
      { queue },
    );
    tell(context, options, { purged }, [`Deleted: ${purged} dead letters`]);
  },
};

function textOf(value: unknown): string | undefined {
  return typeof value === 'string' ? value : undefined;
}
