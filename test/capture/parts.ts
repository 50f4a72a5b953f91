/**
 * What a table consists of beside itself: partitions by its second column, one of them partitioned again and one with its
 * columns in another order, or a table that inherits from it.
 */
import { column, columnDefinitions, columnList, qualified, type Place, type Table } from './table.js';
import type { Parameters } from './statements.js';

/** Without autovacuum, which is no session of ours, but locks what ALTER wants. */
export const still = 'with (autovacuum_enabled = off)';

/** Each but `low`, which has other columns first, is made in its table; `spare` goes and comes, `rest` has what is left. */
const partitions = {
  mid: 'for values from (3) to (6)',
  high: 'for values from (6) to (20)',
  spare: 'for values from (20) to (30)',
  rest: 'default',
} as const;

const low = 'for values from (minvalue) to (3)';

type PartName = 'low' | 'high a' | 'high b' | 'heir' | keyof typeof partitions;

export const part = (
  { spec, nr }: Pick<Table, 'spec' | 'nr'>,
  name: PartName,
): Pick<Table, 'schema' | 'name'> => ({
  schema: spec.schema,
  name: `${spec.name.slice(0, 45)}${nr} ${name}`,
});

export const isSplit = ({ form }: Table): boolean => form.parts === 'partitions';

export const hasHeir = ({ form }: Table): boolean => form.parts === 'heir';

/** In which partition a row lies, as a number. */
export const regionOf = (table: Table): string => {
  const by = column(table, 'k1');
  return `case when ${by} < 3 then 1 when ${by} < 6 then 2 when ${by} < 20 then 3 when ${by} < 30 then 4 else 5 end`;
};

/** What follows the columns of a table that is split. */
export const splitBy = (table: Table): string => `partition by range (${column(table, 'k1')})`;

/** The parts, made after their table and before its key. */
export function createParts(table: Table, place: Place): string[] {
  const of = (name: PartName): string => qualified(part(table, name));
  if (hasHeir(table))
    return [`create table ${of('heir')} (h text default 'h') inherits (${qualified(table)}) ${still}`];
  const columns = columnDefinitions(table, place).reverse().join(', ');
  const whole = Object.entries(partitions) as [keyof typeof partitions, string][];
  return [
    `create table ${of('low')} (gone int, ${columns}) ${still}; alter table ${of('low')} drop column gone`,
    `alter table ${qualified(table)} attach partition ${of('low')} ${low}`,
    ...whole.map(
      ([name, values]) =>
        `create table ${of(name)} partition of ${qualified(table)} ${values}
          ${name === 'high' ? `partition by list (${column(table, 'k1')})` : still}`,
    ),
    `create table ${of('high a')} partition of ${of('high')} for values in (6, 8, 10) ${still}`,
    `create table ${of('high b')} partition of ${of('high')} default ${still}`,
  ];
}

/** An heir has a key of its own. */
export const createHeirKey = (table: Table): string =>
  `alter table ${qualified(part(table, 'heir'))} add primary key (${columnList(table, table.key)})`;

/** Mostly without rows: with some, no trigger tells that they are gone. */
export function detach(table: Table, { s }: Parameters): string {
  const spare = qualified(part(table, 'spare'));
  return `${s === 4 ? '' : `delete from ${spare};`} alter table ${qualified(table)} detach partition ${spare}`;
}

/** The one that was detached, or a new one. */
export function attach(table: Table, { s }: Parameters): string {
  const spare = part(table, 'spare');
  const empty = `delete from ${qualified(table)} where ${column(table, 'k1')} between 20 and 29`;
  return s % 2 === 0
    ? `${empty}; alter table ${qualified(table)} attach partition ${qualified(spare)} ${partitions.spare}`
    : `${empty}; do $do$ begin execute format('alter table %s rename to %I', $n$${qualified(spare)}$n$, 'old ' || $n$${qualified(spare)}$n$::regclass::oid);
        create table ${qualified(spare)} partition of ${qualified(table)} ${partitions.spare} ${still}; end $do$`;
}

/** The part that a statement names instead of its table: mostly where the row for the number a lies. */
export function aimed(table: Table, { a, b, s }: Parameters): Table {
  if ((a + b + s) % 2 !== 0) return table;
  if (hasHeir(table)) return { ...table, ...part(table, 'heir') };
  if (!isSplit(table) || !table.spec.isDirect) return table;
  const fits = a < 3 ? 'low' : a < 6 ? 'mid' : a % 2 === 0 ? 'high' : 'high b';
  return { ...table, ...part(table, s === 4 ? 'rest' : fits) };
}
