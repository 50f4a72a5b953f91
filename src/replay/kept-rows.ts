import type { Change } from '../event/change.js';
import type { EventData } from '../event/event-lines.js';
import { keyPositions, type Layout } from '../event/layout.js';
import { insideRecord, KeyReader } from '../event/record-bytes.js';
import { LondisteError } from '../kernel/errors.js';
import type { KeyTable } from './key-table.js';
import { keyIsOther, notApplicable } from './not-applicable.js';

/** What the tables of a chunk share. */
export interface Shared {
  readonly keys: KeyTable;
  /** A number that no table of the chunk has yet. */
  readonly number: () => number;
}

/**
 * The changes of one table in one chunk of a batch, compacted: per key the last event by id decides, and everything
 * before a TRUNCATE is void. A key is known by the number of its entry.
 */
export class KeptRows {
  readonly table: string;
  readonly keyColumns: readonly string[];
  readonly #shared: Shared;
  readonly #inRows = new Map<Layout, KeyReader>();
  readonly #inKeys = new Map<Layout, KeyReader>();
  #owner: number;
  #entries: number[] = [];
  #truncated = false;
  #moved = 0;
  #putBack = 0;
  #layout: Layout | undefined;

  /** `keyColumns` in the order in which the provider has the table registered. */
  constructor(table: string, keyColumns: readonly string[], shared: Shared) {
    this.table = table;
    this.keyColumns = keyColumns;
    this.#shared = shared;
    this.#owner = shared.number();
  }

  /** Whether the table is to be emptied before the kept rows go in. */
  get truncated(): boolean {
    return this.#truncated;
  }

  /** The layout of the rows and keys so far: within a chunk there is only one. */
  get layout(): Layout | undefined {
    return this.#layout;
  }

  /** How many rows came under another key by an UPDATE: so many may be missing under their new one. */
  get moved(): number {
    return this.#moved;
  }

  /**
   * How many rows may be there although their first event is an INSERT: a trigger put them back while the statement that
   * deletes them was still running, so that the INSERT was captured before the DELETE.
   */
  get putBack(): number {
    return this.#putBack;
  }

  /** Keys that are gone. In an emptied table there is nothing to delete. */
  gone(): number[] {
    return this.#truncated ? [] : this.#entries.filter((entry) => !this.#shared.keys.hasImage(entry));
  }

  /** Keys that have a row. */
  rows(): number[] {
    return this.#entries.filter((entry) => this.#shared.keys.hasImage(entry));
  }

  /** Whether the row should be on the subscriber before: the key's first event was no INSERT. */
  isExpected(entry: number): boolean {
    return this.#shared.keys.isExpected(entry);
  }

  /** The key's fields as they are written in records, with commas between. */
  key(entry: number): string {
    return this.#shared.keys.key(entry);
  }

  /** The bytes of an image, as COPY writes them. */
  image(entry: number): Buffer {
    return this.#shared.keys.image(entry);
  }

  imageLength(entry: number): number {
    return this.#shared.keys.imageLength(entry);
  }

  /** `layout` is that of the change's row or key; a truncate has none. */
  add(change: Change, layout: Layout | undefined, data: EventData): void {
    const { keys, number } = this.#shared;
    if (layout?.key?.length === 0) throw keyIsOther(this.table, 'no key');
    this.#layout = layout ?? this.#layout;
    if (change.kind === 'truncate') {
      // Under another number its keys are others from now on.
      this.#owner = number();
      this.#entries = [];
      this.#truncated = true;
      this.#moved = 0;
      this.#putBack = 0;
    } else if (change.kind === 'row' && layout !== undefined) {
      const entry = this.#entryOf(this.#readerOfRows(layout), data, !change.fresh);
      if (!change.fresh && !this.#truncated && !keys.isExpected(entry) && !keys.hasImage(entry))
        this.#putBack += 1;
      keys.setImage(entry, data.lines, data.start, data.end);
    } else if (change.kind === 'gone' && layout !== undefined) {
      if (change.moved) this.#moved += 1;
      const reader = change.wholeRow ? this.#readerOfRows(layout) : this.#readerOfKeys(layout);
      keys.setGone(this.#entryOf(reader, data, true));
    } else {
      throw notApplicable(this.table, change, data);
    }
  }

  #entryOf(reader: KeyReader, { lines, start, end }: EventData, expected: boolean): number {
    const { keys } = this.#shared;
    reader.read(lines, insideRecord(lines, start, end));
    const entry = keys.entry(this.#owner, reader.bytes, reader.start, reader.end);
    if (keys.isNew(entry)) {
      keys.setExpected(entry, expected && !this.#truncated);
      this.#entries.push(entry);
    }
    return entry;
  }

  #readerOfRows(layout: Layout): KeyReader {
    return this.#reader(this.#inRows, layout, { columns: layout.columns, isWhole: false });
  }

  #readerOfKeys(layout: Layout): KeyReader {
    return this.#reader(this.#inKeys, layout, { columns: layout.key ?? this.keyColumns, isWhole: true });
  }

  #reader(
    readers: Map<Layout, KeyReader>,
    layout: Layout,
    { columns, isWhole }: { columns: readonly string[]; isWhole: boolean },
  ): KeyReader {
    let reader = readers.get(layout);
    if (reader === undefined) {
      reader = new KeyReader(this.#positions(columns), { isWhole });
      readers.set(layout, reader);
    }
    return reader;
  }

  /** A key that changed its columns is nothing that a later event could mend. */
  #positions(columns: readonly string[]): number[] {
    try {
      return keyPositions(columns, this.keyColumns);
    } catch (cause) {
      throw new LondisteError(
        'schema',
        `the key of table ${this.table} is not (${this.keyColumns.join(', ')}) in an event: ${String(cause)}`,
        {
          cause,
          needsCopy: true,
          hint: `add the table anew with its new key (provider remove, provider add) and type: londiste CONFIG subscriber resync ${this.table}`,
        },
      );
    }
  }
}
