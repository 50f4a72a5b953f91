import { LondisteError } from '../kernel/errors.js';
import type { Fault } from '../londiste/table-fault.js';
import type { LondisteContext } from './context.js';

interface Checked {
  readonly faults: readonly Fault[];
}

/** What a check has found, for people or as JSON; fails when there is a fault, so that the exit code tells. */
export function tellFaults<T extends Checked>(
  context: LondisteContext,
  found: T,
  {
    json,
    wrong,
    show,
    whole,
  }: {
    /** Whether `--json` was given. */
    json: boolean;
    /** Those of what was found that are faults. */
    wrong: readonly Fault[];
    show: (fault: T['faults'][number]) => string;
    /** What to say when nothing is wrong. */
    whole: string;
  },
): void {
  if (json) {
    context.say(JSON.stringify(found, undefined, 2));
  } else {
    for (const fault of found.faults) context.say(`${show(fault)}\n  ${fault.fix}`);
    if (wrong.length === 0) context.say(whole);
  }
  if (wrong.length === 0) return;
  throw new LondisteError('refused', `${wrong.length} faults found`, {
    hint: 'each is listed with what mends it',
  });
}
