import type { SeenEvent } from '../../pgq/event-range.js';
import { tailEvents } from '../../setup/events.js';
import type { PgqadmCommand } from '../command.js';
import { withDatabase } from '../databases.js';
import { oneLine } from '../tables.js';

export const events: PgqadmCommand = {
  words: 'events',
  takes: '<queue>',
  summary:
    'show the events of a queue up to its last tick, and with -f each that comes; no consumer is moved',
  options: [
    { flags: '-f, --follow', summary: 'go on with what comes, until interrupted' },
    {
      flags: '--from <place>',
      summary:
        'oldest (all that is there; without -f the default), last (with -f the default), a tick, or a time',
    },
    { flags: '--consumer <name>', summary: 'what this consumer has before it, its retried events too' },
    { flags: '--type <type...>', summary: 'only events of these types; * stands for anything' },
    { flags: '--json', summary: 'a JSON object a line, for programs; data is not cut' },
  ],
  examples: [
    'pgqadm ticker.ini events orders -f',
    "pgqadm ticker.ini events orders --from '2026-01-31 10:00' --type 'order.*' --json",
    'pgqadm ticker.ini events orders --consumer mailer',
  ],
  async run(context, { args: [queue = ''], options }) {
    const { follow, from, consumer, type, json } = options;
    const tail = {
      queue,
      follow: follow === true,
      from: typeof from === 'string' ? from : undefined,
      consumer: typeof consumer === 'string' ? consumer : undefined,
      types: Array.isArray(type) ? type.map(String) : [],
    };
    const show = json === true ? jsonOf : lineOf;
    await withDatabase(
      context,
      async (database) => {
        for await (const event of tailEvents(database, tail, new AbortController().signal))
          context.say(show(event));
      },
      { queue },
    );
  },
};

function jsonOf({ extra: [extra1, extra2, extra3, extra4], ...event }: SeenEvent): string {
  return JSON.stringify({ ...event, extra1, extra2, extra3, extra4 });
}

function lineOf({ id, time, retries, type, data, extra }: SeenEvent): string {
  const more = extra.flatMap((value, n) => (value === null ? [] : [`extra${n + 1}=${oneLine(value)}`]));
  const again = retries === 0 ? [] : [`retry=${retries}`];
  return [time, id, oneLine(type), oneLine(data), ...more, ...again].join('  ');
}
