import type { Change } from '../event/change.js';
import { keyPositions, type Layout } from '../event/layout.js';
import { insideRecord, keyText } from '../event/record-bytes.js';
import { LondisteError } from '../kernel/errors.js';
import type { Arena, Place } from './arena.js';

/** Where the row or key of an event lies. */
export interface EventData {
  readonly lines: Buffer;
  readonly start: number;
  readonly end: number;
}

/** What a key ends as: its last image, in a layout, or gone when there is none. */
export interface KeptKey extends Place {
  /** The key's fields as they are written in records, with commas between. */
  readonly key: string;
  /** Whether the row should be on the subscriber before: its first event was no INSERT. */
  readonly expected: boolean;
  layout: Layout | undefined;
  block: number;
  start: number;
  length: number;
  capacity: number;
}

/** A key that has a row. */
export type KeptRow = KeptKey & { readonly layout: Layout };

/** What a key costs beside its image, in bytes: its entry, its text, its place in the map. */
const bytesOfKey = 180;

/** Images get room for a little more, so that the next one of the same key takes their place. */
const slack = 16;

/**
 * The changes of one table in one chunk of a batch, compacted: per key the last event by id decides, and everything
 * before a TRUNCATE is void. Images stay bytes in the chunk's arena.
 */
export class KeptRows {
  readonly table: string;
  readonly keyColumns: readonly string[];
  readonly #arena: Arena;
  readonly #keys = new Map<string, KeptKey>();
  readonly #inRows = new Map<Layout, number[]>();
  readonly #inKeys = new Map<Layout, number[]>();
  #truncated = false;
  #moved = 0;
  #bytes = 0;

  /** `keyColumns` in the order in which the provider has the table registered. */
  constructor(table: string, keyColumns: readonly string[], arena: Arena) {
    this.table = table;
    this.keyColumns = keyColumns;
    this.#arena = arena;
  }

  /** Whether the table is to be emptied before the kept rows go in. */
  get truncated(): boolean {
    return this.#truncated;
  }

  /** How many rows came under another key by an UPDATE: so many may be missing under their new one. */
  get moved(): number {
    return this.#moved;
  }

  /** What the keys cost beside the arena. */
  get keyBytes(): number {
    return this.#bytes;
  }

  /** Keys that are gone. In an emptied table there is nothing to delete. */
  gone(): KeptKey[] {
    return this.#truncated ? [] : [...this.#keys.values()].filter(({ layout }) => layout === undefined);
  }

  /** Keys that have a row. */
  rows(): KeptRow[] {
    return [...this.#keys.values()].filter((kept): kept is KeptRow => kept.layout !== undefined);
  }

  /** The bytes of an image, as COPY writes them. */
  image({ block, start, length }: KeptRow): Buffer {
    return this.#arena.block(block).subarray(start, start + length);
  }

  /** `layout` is that of the change's row or key; a truncate has none. */
  add(change: Change, layout: Layout | undefined, data: EventData): void {
    if (change.kind === 'truncate') {
      this.#keys.clear();
      this.#bytes = 0;
      this.#truncated = true;
      this.#moved = 0;
    } else if (change.kind === 'row' && layout !== undefined) {
      this.#keepRow(this.#keyOfRow(data, layout), layout, data, change.fresh);
    } else if (change.kind === 'gone' && layout !== undefined) {
      if (change.moved) this.#moved += 1;
      this.#keepGone(change.wholeRow ? this.#keyOfRow(data, layout) : this.#keyOfKey(data, layout));
    } else {
      throw new LondisteError('data', `an event of table ${this.table} cannot be applied (${change.kind})`, {
        hint: `copy the table anew: londiste CONFIG subscriber resync ${this.table}`,
      });
    }
  }

  #keepRow(key: string, layout: Layout, { lines, start, end }: EventData, fresh: boolean): void {
    const kept = this.#keys.get(key) ?? this.#add(key, !fresh);
    const length = end - start;
    kept.layout = layout;
    kept.length = length;
    if (length <= kept.capacity) {
      this.#arena.overwrite(kept, lines, start, end);
      return;
    }
    kept.capacity = (length + slack) & ~(slack - 1);
    const place = this.#arena.put(lines, start, end, kept.capacity);
    kept.block = place.block;
    kept.start = place.start;
  }

  #keepGone(key: string): void {
    (this.#keys.get(key) ?? this.#add(key, true)).layout = undefined;
  }

  #add(key: string, expected: boolean): KeptKey {
    const kept = {
      key,
      expected: expected && !this.#truncated,
      layout: undefined,
      block: 0,
      start: 0,
      length: 0,
      capacity: 0,
    };
    this.#keys.set(key, kept);
    this.#bytes += bytesOfKey + key.length;
    return kept;
  }

  /** The key's text, taken from a whole row. */
  #keyOfRow({ lines, start, end }: EventData, layout: Layout): string {
    let positions = this.#inRows.get(layout);
    if (positions === undefined) {
      positions = this.#positions(layout.columns);
      this.#inRows.set(layout, positions);
    }
    return keyText(lines, insideRecord(lines, start, end), positions);
  }

  /** The key's text, taken from a record of the key's columns in the layout's order. */
  #keyOfKey({ lines, start, end }: EventData, layout: Layout): string {
    let positions = this.#inKeys.get(layout);
    if (positions === undefined) {
      positions = this.#positions(layout.key ?? this.keyColumns);
      this.#inKeys.set(layout, positions);
    }
    return keyText(lines, insideRecord(lines, start, end), positions);
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
          hint: `add the table anew with its new key (provider remove, provider add) and type: londiste CONFIG subscriber resync ${this.table}`,
        },
      );
    }
  }
}
