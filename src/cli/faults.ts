import { LondisteError } from '../kernel/errors.js';
import type { Fault } from '../londiste/table-fault.js';
import type { LondisteContext } from './context.js';
import { counted } from './counted.js';

interface Checked {
  readonly faults: readonly Fault[];
  /** What is only to be known, where faults do not hold that too. */
  readonly notes?: readonly Fault[];
}

/** What keeps nothing from working and deserves to be known. */
export function tellNotes(context: LondisteContext, notes: readonly Fault[]): void {
  for (const { what, fix } of notes) context.say(`note: ${what}\n  ${fix}`);
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
    tellNotes(context, found.notes ?? []);
    if (wrong.length === 0) context.say(whole);
  }
  if (wrong.length === 0) return;
  throw new LondisteError('refused', `${counted(wrong.length, 'fault')} found`, {
    hint: 'each is listed with what mends it',
  });
}
