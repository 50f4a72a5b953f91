import type { Change } from '../event/change.js';
import type { EventData } from '../event/event-lines.js';
import type { Layout } from '../event/layout.js';
import { insideRecord } from '../event/record-bytes.js';
import type { Shared } from './kept-rows.js';
import { keyIsOther, notApplicable } from './not-applicable.js';

/** Copies that are listed at once: a table may get any number of equal rows, which take no more memory here than one. */
const mostCopies = 50_000;

/**
 * The changes of one table without a key in one chunk of a batch. Such a table is a multiset of rows, and changes of how
 * many of each there are commute: all that is kept is by how many copies each distinct row has become more or fewer.
 * Everything before a TRUNCATE is void. A row is known by the number of its entry, whose key is the row's image.
 */
export class KeptBag {
  readonly table: string;
  readonly keyColumns: readonly string[] = [];
  readonly #shared: Shared;
  #owner: number;
  #entries: number[] = [];
  #truncated = false;
  #layout: Layout | undefined;

  constructor(table: string, shared: Shared) {
    this.table = table;
    this.#shared = shared;
    this.#owner = shared.number();
  }

  /** Whether the table is to be emptied before anything else. */
  get truncated(): boolean {
    return this.#truncated;
  }

  /** The layout of the rows so far: within a chunk there is only one. */
  get layout(): Layout | undefined {
    return this.#layout;
  }

  /** Rows of which there are fewer copies, each as often as there are fewer, some thousands at a time. */
  gone(): Generator<number[], void, undefined> {
    return this.#list(-1);
  }

  /** Rows of which there are more copies, in the same way. */
  rows(): Generator<number[], void, undefined> {
    return this.#list(1);
  }

  /** What an operator would look for: all of the row's fields, as they are written in records. */
  key(entry: number): string {
    return this.#shared.keys.key(entry).slice(1, -1);
  }

  image(entry: number): Buffer {
    return this.#shared.keys.keyBytes(entry);
  }

  imageLength(entry: number): number {
    return this.#shared.keys.keyLength(entry);
  }

  /** `layout` is that of the change's row; a truncate has none. */
  add(change: Change, layout: Layout | undefined, data: EventData): void {
    if (layout?.key !== undefined && layout.key.length > 0)
      throw keyIsOther(this.table, `the key (${layout.key.join(', ')})`);
    this.#layout = layout ?? this.#layout;
    if (change.kind === 'truncate') {
      // Under another number its rows are others from now on.
      this.#owner = this.#shared.number();
      this.#entries = [];
      this.#truncated = true;
    } else if (change.kind === 'row') {
      this.#count(data, 1);
    } else if (change.kind === 'gone' && change.wholeRow) {
      this.#count(data, -1);
    } else {
      throw notApplicable(this.table, change, data);
    }
  }

  #count({ lines, start, end }: EventData, by: number): void {
    const { keys } = this.#shared;
    insideRecord(lines, start, end);
    const entry = keys.entry(this.#owner, lines, start, end);
    if (keys.isNew(entry)) {
      keys.setExpected(entry, true);
      this.#entries.push(entry);
    }
    keys.addCopies(entry, by);
  }

  *#list(sign: 1 | -1): Generator<number[], void, undefined> {
    let listed: number[] = [];
    for (const entry of this.#entries) {
      for (let left = sign * this.#shared.keys.copies(entry); left > 0; left -= 1) {
        if (listed.length === mostCopies) {
          yield listed;
          listed = [];
        }
        listed.push(entry);
      }
    }
    if (listed.length > 0) yield listed;
  }
}
