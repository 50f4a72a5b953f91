import type { Change } from '../event/change.js';
import { unescapeField } from '../event/copy-text.js';
import type { EventData } from '../event/event-lines.js';
import { LondisteError } from '../kernel/errors.js';

/** Of a reason that the provider gives, in characters: it goes into the log, and to whoever looks at the table. */
const longestReason = 300;

/** A change that no statement can bring about, with what the provider says why. */
export function notApplicable(table: string, { kind }: Change, data: EventData): LondisteError {
  const reason = kind === 'no-image' ? reasonIn(data) : undefined;
  const message = `an event of table ${table} cannot be applied (${kind})`;
  return new LondisteError('data', reason === undefined ? message : `${message}: ${reason}`, {
    hint: `copy the table anew: londiste CONFIG subscriber resync ${table}`,
    needsCopy: true,
  });
}

/** Events of a table that was given another identity: with one more try replay asks the provider which one it has now. */
export function keyIsOther(table: string, found: string): LondisteError {
  return new LondisteError('schema', `an event of table ${table} was written with ${found}`, {
    needsCopy: true,
    hint: `copy the table anew: londiste CONFIG subscriber resync ${table}`,
  });
}

function reasonIn({ lines, start, end }: EventData): string | undefined {
  // Twice the characters are room enough for what COPY escapes and for most of what is not ASCII.
  const bytes = lines.subarray(start, Math.min(end, start + 2 * longestReason));
  if (bytes.equals(nothing)) return undefined;
  // For people: what is no UTF-8 must not hide the rest of it.
  const text = unescapeField(bytes).toString().replaceAll(/\s+/g, ' ').trim();
  if (text.length === 0) return undefined;
  const isCut = text.length > longestReason || start + bytes.length < end;
  return isCut ? `${text.slice(0, longestReason)}...` : text;
}

const nothing = Buffer.from('\\N');
