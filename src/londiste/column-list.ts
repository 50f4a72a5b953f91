import { quoteIdent } from '../db/identifiers.js';
import { LondisteError } from '../kernel/errors.js';
import type { Destination } from './destination.js';

/** The columns that are carried: each by its name on the provider, with its name on the subscriber. */
export type ColumnList = ReadonlyMap<string, string>;

const name = String.raw`("(?:[^"]|"")+"|[^",=\s]+)`;
/** `name` or `there=here`, and the comma behind it. */
const item = String.raw`\s*${name}\s*(?:=\s*${name}\s*)?(,|$)`;

/**
 * What a user typed as `--columns`, like `id,name,address=addr,"Odd, column"`. Case is kept as typed, as in names of
 * tables.
 *
 * @throws LondisteError `usage` when it cannot be read or names a column twice.
 */
export function parseColumns(text: string): ColumnList {
  const columns = new Map<string, string>();
  const items = new RegExp(item, 'yu');
  for (let isMore = true; isMore;) {
    const at = items.lastIndex;
    const [, there, here, comma] = items.exec(text) ?? [];
    if (there === undefined) throw unreadable(text, text.slice(at));
    const column = unquoted(there);
    if (columns.has(column)) throw twice(column, 'the provider');
    columns.set(column, unquoted(here ?? there));
    isMore = comma === ',';
  }
  const own = [...columns.values()];
  const doubled = own.find((column, n) => own.indexOf(column) !== n);
  if (doubled !== undefined) throw twice(doubled, 'the subscriber');
  return columns;
}

/** The one form of a list, which `parseColumns` reads: names are quoted only where they must be. */
export function showColumns(columns: ColumnList): string {
  return [...columns]
    .map(([there, here]) => (there === here ? shown(there) : `${shown(there)}=${shown(here)}`))
    .join(',');
}

/** Undefined when all columns are carried under their own names. */
export function columnList({ columns }: Destination): ColumnList | undefined {
  return columns === undefined ? undefined : parseColumns(columns);
}

/** The names that columns of the provider have on the subscriber, in the same order; undefined for those left out. */
export function namesHere(
  columns: readonly string[],
  destination: Destination,
): readonly (string | undefined)[] {
  const list = columnList(destination);
  return list === undefined ? columns : columns.map((column) => list.get(column));
}

function shown(column: string): string {
  return /^[^",=\s]+$/u.test(column) ? column : quoteIdent(column);
}

function unquoted(typed: string): string {
  return typed.startsWith('"') ? typed.slice(1, -1).replaceAll('""', '"') : typed;
}

function unreadable(text: string, rest: string): LondisteError {
  return new LondisteError(
    'usage',
    `--columns ${text}: expected a column, got ${rest === '' ? 'nothing' : rest}`,
    {
      hint: 'write NAME,NAME,... or THERE=HERE where the subscriber has another name for it; quote names like "odd, one"',
    },
  );
}

function twice(column: string, side: string): LondisteError {
  return new LondisteError('usage', `--columns names column ${column} of ${side} twice`, {
    hint: 'name each column once',
  });
}
