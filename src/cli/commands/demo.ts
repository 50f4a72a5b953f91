import { LondisteError } from '../../kernel/errors.js';
import type { Command } from '../command.js';

export const demo: Command<undefined> = {
  words: 'demo',
  summary: 'start two PostgreSQL servers here, replicate a table between them and show it live',
  options: [
    {
      flags: '--for <seconds>',
      summary: 'end after that time, with exit code 0 if both sides are equal (as in 20s)',
    },
    { flags: '--reset', summary: 'throw away the data of earlier runs first' },
    { flags: '--data <folder>', summary: 'where the data lies (default: .londiste/demo)' },
  ],
  async run(_, { options }) {
    const { for: time } = options;
    const seconds = typeof time === 'string' ? parseSeconds(time) : undefined;
    const { runDemo } = await import('../../demo/demo.js');
    const stop = new AbortController();
    for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const)
      process.once(signal, () => {
        stop.abort();
      });
    await runDemo({
      folder: typeof options['data'] === 'string' ? options['data'] : '.londiste/demo',
      seconds,
      reset: options['reset'] === true,
      environment: process.env,
      out: process.stdout,
      stop: stop.signal,
    });
  },
};

function parseSeconds(text: string): number {
  const seconds = Number(/^(\d+(\.\d+)?)\s*s?$/.exec(text)?.[1]);
  if (Number.isFinite(seconds) && seconds > 0) return seconds;
  throw new LondisteError('usage', `--for: expected a number of seconds, got "${text}"`, {
    hint: 'write --for 20s',
  });
}
