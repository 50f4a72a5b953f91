import type { Change } from '../event/change.js';
import { pickFields, splitRecord, type RawField } from '../event/record.js';
import { keyPositions, type Layout } from '../event/layout.js';
import { LondisteError } from '../kernel/errors.js';

/** What a key ends as in a batch: its last image, or gone. */
export interface KeptKey {
  readonly key: readonly RawField[];
  /** The last image with its layout; undefined when the key is gone. */
  row: { readonly image: string; readonly layout: Layout } | undefined;
  /** Whether the row should be on the subscriber before the batch: its first event was no INSERT. */
  readonly expected: boolean;
}

/**
 * The changes of one table in one batch, compacted: per key the last event by id decides, and everything before a
 * TRUNCATE is void.
 */
export class TableChanges {
  readonly table: string;
  readonly #keyColumns: readonly string[];
  readonly #keys = new Map<string, KeptKey>();
  readonly #positions = new Map<string, number[]>();
  #truncated = false;
  #moved = 0;
  #events = 0;

  /** `keyColumns` in the order in which the provider has the table registered. */
  constructor(table: string, keyColumns: readonly string[]) {
    this.table = table;
    this.#keyColumns = keyColumns;
  }

  get keyColumns(): readonly string[] {
    return this.#keyColumns;
  }

  /** Whether the table is to be emptied before the kept rows go in. */
  get truncated(): boolean {
    return this.#truncated;
  }

  /** How many events went in. */
  get events(): number {
    return this.#events;
  }

  /** How many rows came under another key by an UPDATE: so many may be missing under their new one. */
  get moved(): number {
    return this.#moved;
  }

  /** `layout` is that of the change's image; a truncate has none. */
  add(change: Change, layout: Layout | undefined): void {
    this.#events += 1;
    if (change.kind === 'truncate') {
      this.#keys.clear();
      this.#truncated = true;
      this.#moved = 0;
    } else if (layout !== undefined && change.kind === 'row') {
      this.#keep(this.#keyOfRow(change.image, layout), { image: change.image, layout }, !change.fresh);
    } else if (layout !== undefined && change.kind === 'gone') {
      if (change.moved) this.#moved += 1;
      const key = change.wholeRow
        ? this.#keyOfRow(change.image, layout)
        : this.#keyOfKey(change.image, layout);
      this.#keep(key, undefined, true);
    } else {
      throw new LondisteError('data', `an event of table ${this.table} cannot be applied (${change.kind})`, {
        hint: `copy the table anew: londiste … subscriber resync ${this.table}`,
      });
    }
  }

  /** Keys that are gone. In an emptied table there is nothing to delete. */
  gone(): KeptKey[] {
    return this.#truncated ? [] : [...this.#keys.values()].filter((kept) => kept.row === undefined);
  }

  /** Keys that have a row. */
  rows(): KeptKey[] {
    return [...this.#keys.values()].filter((kept) => kept.row !== undefined);
  }

  #keep(key: readonly RawField[], row: KeptKey['row'], present: boolean): void {
    const text = key.join(',');
    const kept = this.#keys.get(text);
    if (kept) kept.row = row;
    else this.#keys.set(text, { key, row, expected: present && !this.#truncated });
  }

  #keyOfRow(image: string, layout: Layout): RawField[] {
    let positions = this.#positions.get(layout.id);
    if (positions === undefined) {
      positions = this.#checked(() => keyPositions(layout, this.#keyColumns));
      this.#positions.set(layout.id, positions);
    }
    return pickFields(image, positions);
  }

  #keyOfKey(image: string, layout: Layout): RawField[] {
    const fields = splitRecord(image);
    const { key = this.#keyColumns } = layout;
    return this.#checked(() =>
      this.#keyColumns.map((column) => {
        const field = fields[key.indexOf(column)];
        if (field === undefined) throw new Error(`the event's key has no column ${column}`);
        return field;
      }),
    );
  }

  /** A key that changed its columns is nothing that a later event could mend. */
  #checked<T>(read: () => T): T {
    try {
      return read();
    } catch (cause) {
      throw new LondisteError(
        'schema',
        `the key of table ${this.table} is not (${this.#keyColumns.join(', ')}) in an event: ${String(cause)}`,
        {
          cause,
          hint: `add the table anew with its new key (provider remove, provider add) and type: londiste … subscriber resync ${this.table}`,
        },
      );
    }
  }
}
