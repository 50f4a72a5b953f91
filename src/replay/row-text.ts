import { arrayLiteral } from '../event/array.js';
import { fieldText } from '../event/copy-text.js';
import { fieldValue, nullField, splitRecord } from '../event/record.js';
import { insideRecord, longestLine, recordToLine } from '../event/record-bytes.js';
import { LondisteError } from '../kernel/errors.js';
import type { KeptRows } from './kept-rows.js';
import type { RowMapping, Target, WrittenFields } from './target.js';

const lineBlock = 1 << 16;

/** Rows of a chunk, each known by a number. */
export interface Images {
  /** The bytes of a row, as COPY writes them. */
  image(entry: number): Buffer;
  imageLength(entry: number): number;
  /** What tells the row from others: its key's fields, or all. */
  key(entry: number): string;
}

/** Rows as lines of COPY, in blocks. A row that is larger than a block has one of its own. */
export function* rowLines(
  rows: Images,
  kept: readonly number[],
  { keep }: WrittenFields,
): Generator<Buffer, void, undefined> {
  let out = Buffer.allocUnsafe(lineBlock);
  let to = 0;
  for (const one of kept) {
    const image = rows.image(one);
    const most = longestLine(image.length, keep.length);
    if (to + most > out.length) {
      if (to > 0) yield out.subarray(0, to);
      out = Buffer.allocUnsafe(Math.max(lineBlock, most));
      to = 0;
    }
    try {
      to = recordToLine(image, insideRecord(image, 0, image.length), { keep, out, to });
    } catch (cause) {
      throw unreadable(rows.key(one), cause);
    }
  }
  if (to > 0) yield out.subarray(0, to);
}

/** Rows as the text of an array of the table's row type. */
export function rowArray(rows: Images, kept: readonly number[], { toRowType }: RowMapping): string {
  return arrayLiteral(
    kept.map((one) => {
      try {
        return toRowType(fieldText(rows.image(one)));
      } catch (cause) {
        throw unreadable(rows.key(one), cause);
      }
    }),
  );
}

function unreadable(key: string, cause: unknown): LondisteError {
  const reason = cause instanceof Error ? cause.message : String(cause);
  return new LondisteError('data', `an event holds no readable row: ${reason}`, {
    cause,
    key: readableKey(key),
    needsCopy: true,
    hint: 'find out who else writes events with a table name, then copy the table anew: londiste CONFIG subscriber resync TABLE',
  });
}

/** The values of entries' keys, an array for each column of the key. */
export function keyArrays(target: Target, rows: KeptRows, entries: readonly number[]): string[] {
  const [, ...more] = target.key;
  const keys = entries.map((entry) => plain(rows.key(entry)));
  if (more.length === 0) return [arrayLiteral(keys.map(fieldValue))];
  const split = keys.map((key) => splitRecord(`(${key})`));
  return target.key.map((_, n) => arrayLiteral(split.map((fields) => fieldValue(fields[n] ?? nullField))));
}

/** A key as an operator would look for it. */
export function readableKey(key: string): string {
  const text = plain(key);
  return `(${text.length > longestKey ? `${text.slice(0, longestKey)}...` : text})`;
}

/** Characters of a key that are shown: more tell nobody more, and where there is no key it is a whole row. */
const longestKey = 1_000;

/** A key's text without COPY's escapes; most have none, and no byte beyond ASCII. */
function plain(key: string): string {
  // eslint-disable-next-line no-control-regex -- every character up to DEL but the backslash
  return /^[\x00-\x5b\x5d-\x7f]*$/.test(key) ? key : fieldText(Buffer.from(key, 'latin1'));
}
