/** The DDL that makes a random table and what belongs to it. */
import { quoteIdent } from '../../src/db/identifiers.js';
import { filterOf } from './filter.js';
import { createHeirKey, createParts, hasHeir, isSplit, splitBy, still } from './parts.js';
import {
  addKey,
  child,
  columnDefinitions,
  columnList,
  constraintName,
  hasChild,
  qualified,
  type Place,
  type Table,
} from './table.js';

/** The table, its parts and its child on one of the sides. */
export function createTable(table: Table, place: Place): string {
  const list = columnDefinitions(table, place).join(', ');
  // What is not split on the subscriber is one table there.
  const splits = isSplit(table) && (place.side === 'there' || table.spec.isSplitHere);
  return [
    `create schema if not exists ${quoteIdent(table.schema)}`,
    `create table ${qualified(table)} (${list}) ${splits ? splitBy(table) : still}`,
    ...(splits || hasHeir(table) ? createParts(table, place) : []),
    ...createKeys(table, place),
    ...(hasHeir(table) ? [createHeirKey(table)] : []),
    ...(hasChild(table) ? [createChild(table, place)] : []),
    ...(table.spec.hides === 'some rows' && place.side === 'there'
      ? [
          `alter table ${qualified(table)} enable row level security`,
          `create policy hides on ${qualified(table)} using (n % 5 is distinct from 3) with check (true)`,
        ]
      : []),
  ].join(';\n');
}

/** The subscriber's tables are checked row by row. */
function createKeys(table: Table, { side }: Place): string[] {
  const name = qualified(table);
  const { form, spec } = table;
  const later = side === 'there' ? 'deferrable initially deferred' : '';
  const keys: Record<typeof form.constraint, string[]> = {
    none: [],
    primary: [addKey(table)],
    index: [addKey(table)],
    'deferred beside': [
      `alter table ${name} add primary key (k0) ${later}, add constraint ${constraintName(table)} unique (k1)`,
    ],
  };
  const seat = table.columns.some(({ id }) => id === 'u')
    ? [
        `alter table ${name} add unique (u) ${side === 'here' ? '' : spec.seat === 'deferred' ? later : 'deferrable'}`,
      ]
    : [];
  return [...keys[form.constraint], ...seat];
}

/** A subscriber to which not all rows come cannot promise that none is referenced which it has not: an ALTER looks again. */
function createChild(table: Table, { side }: Place): string {
  const columns = table.form.handle.map((id) => {
    const parent = table.columns.find((one) => one.id === id);
    return `p_${id} ${parent?.type ?? ''}`;
  });
  const own = table.form.handle.map((id) => `p_${id}`).join(', ');
  const lacksRows = side === 'here' && filterOf(table.spec) !== undefined;
  const reference = `foreign key (${own}) references ${qualified(table)} (${columnList(table, table.form.handle)}) ${table.spec.child}`;
  return `create table ${child(table)} (id int primary key, ${columns.join(', ')}, w int${lacksRows ? '' : `, ${reference}`}) ${still}`;
}
