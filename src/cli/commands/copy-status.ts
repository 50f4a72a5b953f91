import { copyProgress } from '../../londiste/copy-progress.js';
import { requireBoth } from '../../setup/ends.js';
import type { LondisteCommand } from '../command.js';
import { withEnds } from '../context.js';
import { progressJson, progressLines } from '../progress.js';

export const copyStatus: LondisteCommand = {
  words: 'copy status',
  summary: 'tell once how far the copies are: tables that are not ok, with rows, bytes and indexes',
  options: [{ flags: '--json', summary: 'one JSON array, for programs' }],
  async run(context, { options }) {
    const all = await withEnds(context, async (ends) => {
      await requireBoth(ends);
      return copyProgress(ends, ends.name);
    });
    if (options['json'] === true) {
      context.say(
        JSON.stringify(
          all.map((progress) => progressJson(progress, undefined)),
          undefined,
          2,
        ),
      );
      return;
    }
    for (const line of progressLines(all.map((progress) => [progress, undefined]))) context.say(line);
  },
};
