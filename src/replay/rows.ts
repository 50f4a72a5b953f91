import type { KeptRows } from './kept-rows.js';
import { readableKey, type Images } from './row-text.js';
import type { RowMapping } from './target.js';

/** Up to here rows go as an array, in a prepared statement; more of them are worth a staging table or a COPY. */
const fewRows = 500;
const fewBytes = 256 * 1024;

/** Rows of one chunk, by their entries, and how they go into the table. */
export class Rows<Kept extends Images = KeptRows> {
  constructor(
    readonly rows: Kept,
    readonly kept: readonly number[],
    readonly mapping: RowMapping,
  ) {}

  get count(): number {
    return this.kept.length;
  }

  get isFew(): boolean {
    if (this.count > fewRows) return false;
    return this.kept.reduce((sum, entry) => sum + this.rows.imageLength(entry), 0) <= fewBytes;
  }

  /** The key of the row at `place`, as an operator would look for it; undefined when there is none. */
  keyAt(place: number): string | undefined {
    const entry = this.kept[place];
    return entry === undefined ? undefined : readableKey(this.rows.key(entry));
  }

  /** Those that should be on the subscriber already, and the others. */
  split(this: Rows): { present: Rows; absent: Rows } {
    const { expected, fresh } = splitExpected(this.rows, this.kept);
    return { present: this.with(expected), absent: this.with(fresh) };
  }

  /** The same rows in pieces that are few; a row that is not few by itself is a piece of its own. */
  slices(): Rows<Kept>[] {
    const slices: Rows<Kept>[] = [];
    let begin = 0;
    let bytes = 0;
    this.kept.forEach((entry, at) => {
      const length = this.rows.imageLength(entry);
      if (at > begin && (at - begin === fewRows || bytes + length > fewBytes)) {
        slices.push(this.with(this.kept.slice(begin, at)));
        begin = at;
        bytes = 0;
      }
      bytes += length;
    });
    if (begin < this.count) slices.push(this.with(this.kept.slice(begin)));
    return slices;
  }

  /** Others of the same chunk. */
  with(kept: readonly number[]): Rows<Kept> {
    return new Rows(this.rows, kept, this.mapping);
  }
}

export function splitExpected(
  rows: KeptRows,
  kept: readonly number[],
): { expected: number[]; fresh: number[] } {
  const expected: number[] = [];
  const fresh: number[] = [];
  for (const entry of kept) (rows.isExpected(entry) ? expected : fresh).push(entry);
  return { expected, fresh };
}
