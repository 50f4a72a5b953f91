import { LondisteError } from '../kernel/errors.js';
import type { Fault } from '../londiste/table-fault.js';

/** All faults at once, each with what mends it. */
export function refuseFaults(faults: readonly Fault[]): void {
  if (faults.length === 0) return;
  throw new LondisteError('refused', faults.map((fault) => fault.what).join('\n'), {
    hint: faults.map((fault) => fault.fix).join('\n'),
  });
}

export function alreadyAdded(kind: 'table' | 'sequence', name: string): LondisteError {
  return new LondisteError('refused', `${kind} ${name} is already added to this subscription`, {
    hint: kind === 'table' ? `to copy it anew: londiste CONFIG subscriber resync ${name}` : 'nothing to do',
  });
}

export function notAdded(kind: 'table' | 'sequence', name: string): LondisteError {
  return new LondisteError('refused', `${kind} ${name} is not in this subscription`, {
    hint: `to add it: londiste CONFIG subscriber ${kind === 'table' ? 'add' : 'add-seq'} ${name}`,
  });
}
