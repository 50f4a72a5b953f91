import { LondisteError } from '../../kernel/errors.js';
import { sleep } from '../../kernel/clock.js';
import { Screen } from '../../kernel/screen.js';
import { copyProgress } from '../../londiste/copy-progress.js';
import { requireBoth } from '../../setup/ends.js';
import type { LondisteCommand } from '../command.js';
import { withEnds } from '../context.js';
import { counted } from '../counted.js';
import { Paces, progressJson, progressLines, type Seen } from '../progress.js';

/** How often it is looked, in milliseconds, by where it goes. */
const every = { terminal: 500, json: 1_000, lines: 5_000 };

export const copyWatch: LondisteCommand = {
  words: 'copy watch',
  summary:
    'show how far the copies are until none is under way: a live view on a terminal, else lines; exit code 1 when a table is parked or paused then',
  options: [{ flags: '--json', summary: 'a JSON object a line, for programs' }],
  async run(context, { options }) {
    const { out, pause } = output(options['json'] === true, (line) => {
      context.say(line);
    });
    const paces = new Paces();
    const left = await withEnds(context, async (ends) => {
      await requireBoth(ends);
      for (;;) {
        const at = performance.now();
        const all = await copyProgress(ends, ends.name);
        out(all.map((progress) => [progress, paces.see(progress, at)]));
        if (all.every(({ state, isPaused }) => state === 'parked' || isPaused)) return all;
        await sleep(pause);
      }
    });
    if (left.length === 0) return;
    throw new LondisteError('refused', `${counted(left.length, 'table')} parked or paused`, {
      hint: 'londiste CONFIG subscriber tables says which and why, and what to type',
    });
  },
};

function output(isJson: boolean, say: (line: string) => void): { out: (seen: Seen) => void; pause: number } {
  if (isJson) {
    return {
      pause: every.json,
      out: (seen) => {
        const tables = seen.map(([progress, pace]) => progressJson(progress, pace));
        say(JSON.stringify({ at: new Date().toISOString(), tables }));
      },
    };
  }
  if (process.stdout.isTTY) {
    const screen = new Screen(process.stdout);
    return {
      pause: every.terminal,
      out: (seen) => {
        screen.draw(progressLines(seen));
      },
    };
  }
  return {
    pause: every.lines,
    out: (seen) => {
      for (const line of progressLines(seen)) say(line);
    },
  };
}
