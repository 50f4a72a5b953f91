import { quoteIdent } from '../db/identifiers.js';
import type { Layout } from '../event/layout.js';
import { joinRecord, nullField, splitRecord } from '../event/record.js';
import { LondisteError } from '../kernel/errors.js';
import { columnList, namesHere } from '../londiste/column-list.js';
import type { Destination } from '../londiste/destination.js';
import { keyFault } from '../londiste/table-fault.js';
import {
  emptyTable,
  ownRows,
  uniqueOver,
  type TableShape,
  type UniqueIndex,
} from '../londiste/table-shape.js';

/** One column of the key on the subscriber. */
export interface KeyColumn {
  readonly name: string;
  /** Without a length or scale: a key that does not fit must match nothing, not be cut until it matches another. */
  readonly type: string;
  /** Whether unnest would take an array of the type further apart: such keys go as text. */
  readonly expands: boolean;
  readonly operator: string;
}

/** Which fields of an image go into a table. */
export interface WrittenFields {
  /** The columns, quoted, in the order of the layout. */
  readonly columns: readonly string[];
  /** For each field of an image, whether it is one of them. */
  readonly keep: readonly boolean[];
}

/** How rows of one layout go into a table of the subscriber. */
export interface RowMapping {
  readonly layoutId: string;
  /** What an INSERT writes: the columns of the layout that are not generated here. */
  readonly inserted: WrittenFields;
  /** What a staging table holds: the same, and those of the key that are generated. */
  readonly staged: WrittenFields;
  /** Columns that an UPDATE writes, quoted: the same without the key. */
  readonly updateColumns: readonly string[];
  /** An image of the layout as a record of the subscriber's row type. */
  readonly toRowType: (image: string) => string;
}

/** A table of the subscriber, as far as applying needs to know it. `name` is quoted. */
export class Target {
  readonly name: string;
  /** The same where it stands for rows that are there: without those of tables that inherit from it. */
  readonly rows: string;
  /** None for a table without a key. */
  readonly key: readonly KeyColumn[];
  /** `always` identity columns beside the key cannot be updated, only deleted and inserted. */
  readonly mustReplace: boolean;
  /** The statement that takes all of its rows away. */
  readonly empty: string;
  /** Whether its rows lie in partitions: then only with the partition's oid is a ctid one row's. */
  readonly isPartitioned: boolean;
  /** Whether no other index constrains the rows: then rows of a batch may be written in any order. */
  readonly isKeyAlone: boolean;
  readonly #shape: TableShape;
  readonly #destination: Destination;
  readonly #mappings = new Map<string, RowMapping>();

  /** `keyOfProvider` has the names that its columns have there. */
  constructor(destination: Destination, shape: TableShape, keyOfProvider: readonly string[]) {
    const { table: name } = destination;
    this.name = name;
    this.#shape = shape;
    this.#destination = destination;
    const keyColumns = this.#keyHere(keyOfProvider);
    const unique = keyColumns.length === 0 ? undefined : keyIndex(name, shape, keyColumns);
    this.key = unique ? keyColumns.map((column) => keyColumn(shape, unique, column)) : [];
    this.isKeyAlone = shape.constraining.every((index) => index === unique?.name);
    this.isPartitioned = shape.relkind === 'p';
    this.rows = ownRows(name, shape);
    this.empty = emptyTable(name, shape);
    this.mustReplace = shape.columns.some(
      (column) => column.identity === 'a' && !keyColumns.includes(column.name),
    );
  }

  mapping(layout: Layout): RowMapping {
    const known = this.#mappings.get(layout.id);
    if (known) return known;
    const mapping = this.#makeMapping(layout);
    this.#mappings.set(layout.id, mapping);
    return mapping;
  }

  #makeMapping(layout: Layout): RowMapping {
    const here = this.#shape.columns;
    const names = this.#namesHere(layout);
    const missing = names.filter(
      (name) => name !== undefined && !here.some((column) => column.name === name),
    );
    if (missing.length > 0) {
      throw new LondisteError(
        'schema',
        `table ${this.name} has no column ${missing.join(', ')} on the subscriber`,
        {
          hint: `add it there (ALTER TABLE ${this.name} ADD COLUMN ...), or drop it on the provider and copy anew`,
        },
      );
    }
    const isKey = (column: string): boolean => this.key.some(({ name }) => name === column);
    const isGenerated = (name: string): boolean =>
      here.some((column) => column.name === name && column.generated);
    const fieldsIf = (isWritten: (name: string) => boolean): WrittenFields => {
      const keep = names.map((name) => name !== undefined && isWritten(name));
      return {
        columns: names.flatMap((name, n) => (keep[n] && name !== undefined ? [quoteIdent(name)] : [])),
        keep,
      };
    };
    const order = here.map((column) => names.indexOf(column.name));
    const isSame = order.length === layout.columns.length && order.every((from, to) => from === to);
    return {
      layoutId: layout.id,
      inserted: fieldsIf((name) => !isGenerated(name)),
      staged: fieldsIf((name) => !isGenerated(name) || isKey(name)),
      updateColumns: fieldsIf((name) => !isGenerated(name) && !isKey(name)).columns,
      toRowType: isSame
        ? (image) => image
        : (image) => {
            const fields = splitRecord(image);
            if (fields.length !== layout.columns.length)
              throw new Error(`it has ${fields.length} fields, its layout ${layout.columns.length}`);
            return joinRecord(order.map((from) => fields[from] ?? nullField));
          },
    };
  }

  #keyHere(keyOfProvider: readonly string[]): string[] {
    return namesHere(keyOfProvider, this.#destination).map((name, n) => {
      if (name !== undefined) return name;
      throw new LondisteError(
        'schema',
        `column ${keyOfProvider[n]} is of the key now, and --columns does not carry it into ${this.name}`,
        addAnew,
      );
    });
  }

  /** What the layout's columns are called here; undefined for those left out. */
  #namesHere({ columns }: Layout): readonly (string | undefined)[] {
    const lost = [...(columnList(this.#destination)?.keys() ?? [])].filter(
      (column) => !columns.includes(column),
    );
    if (lost.length > 0) {
      // Renamed or dropped: going on without it would leave old values standing.
      throw new LondisteError(
        'schema',
        `the provider has no column ${lost.join(', ')} any more, which --columns carries into ${this.name}`,
        addAnew,
      );
    }
    return namesHere(columns, this.#destination);
  }
}

const addAnew = {
  needsCopy: true,
  hint: 'londiste CONFIG subscriber remove TABLE, then subscriber add TABLE with the --columns that there are now; it is copied anew',
};

function keyIndex(table: string, shape: TableShape, keyColumns: readonly string[]): UniqueIndex {
  const unique = uniqueOver(shape, keyColumns);
  if (unique) return unique;
  const { what = '', fix } = keyFault(table, shape, keyColumns) ?? {};
  throw new LondisteError('schema', what, { hint: fix });
}

function keyColumn(shape: TableShape, unique: UniqueIndex, name: string): KeyColumn {
  const column = shape.columns.find((candidate) => candidate.name === name);
  const operator = unique.operators[unique.columns.indexOf(name)];
  if (!column || operator === undefined) throw new Error(`key column ${name} is not described`);
  return { name, type: column.base_type, expands: column.expands, operator };
}
