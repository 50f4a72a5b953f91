/** ALTERs of a random table: decided where they are made, and made again, in their order, on the subscriber. */
import { quoteIdent } from '../../src/db/identifiers.js';
import { functions } from './app-triggers.js';
import { filterOf } from './filter.js';
import { keep } from './rows.js';
import type { Parameters } from './statements.js';
import {
  addKey,
  clauseAt,
  dropKey,
  generatedClause,
  kindOf,
  qualified,
  type Place,
  type Table,
  type TableColumn,
} from './table.js';
import { kinds, type Kind } from './values.js';

/** One ALTER. Columns go by their ids, so that it means the same wherever and whenever it is made. */
export type Change =
  | { readonly does: 'add'; readonly column: TableColumn }
  | { readonly does: 'drop'; readonly id: string }
  | { readonly does: 'rename'; readonly id: string; readonly to: string }
  | { readonly does: 'type'; readonly id: string; readonly to: string }
  | { readonly does: 'key'; readonly to: readonly string[] }
  | { readonly does: 'table'; readonly to: string }
  | { readonly does: 'schema'; readonly to: string }
  | { readonly does: 'goes' };

export const changeNames = ['add', 'drop', 'rename', 'type', 'key', 'table', 'schema', 'goes'] as const;

export type ChangeName = (typeof changeNames)[number];

const freshNames = ['t', 'Added', 'quo"te', 'in between', 'own'] as const;

/** A name that no column of the table has had, so that nobody can mistake one for another. */
const freshName = ({ fresh }: Table, { a }: Parameters): string =>
  `${freshNames[a % freshNames.length] ?? ''} ${fresh}`;

const pick = (from: readonly TableColumn[], { a, b }: Parameters): TableColumn | undefined =>
  from[(a * 10 + b) % from.length];

const added = (table: Table, p: Parameters): Change => {
  const name = freshName(table, p);
  const base = { id: `a${table.fresh}`, name, isWritten: true };
  const n = table.columns.find(({ id }) => id === 'n')?.name ?? '';
  const columns: readonly TableColumn[] = [
    { ...base, kind: 'text', type: 'text', clause: `default 'as it was'` },
    { ...base, kind: 'int', type: 'int', clause: '' },
    { ...base, kind: 'pair', type: 'kinds.pair', clause: `not null default '(1,x)'` },
    { ...base, kind: 'int', type: 'int', clause: generatedClause('stored', n), isWritten: false },
    { ...base, kind: 'int', type: 'int', clause: generatedClause('virtual', n), isWritten: false },
  ];
  return {
    does: 'add',
    column: pick(columns, { ...p, a: p.s }) ?? { ...base, ...kinds.int, kind: 'int', clause: '' },
  };
};

/** What an ALTER of a kind comes down to for a table as it is; something is added where it cannot be made. */
export function decide(name: ChangeName, table: Table, p: Parameters): Change {
  const instead = added(table, p);
  switch (name) {
    case 'add':
      return instead;
    case 'drop': {
      const one = pick(
        table.columns.filter(({ id }) => !/^[knv]/.test(id)),
        p,
      );
      return one ? { does: 'drop', id: one.id } : instead;
    }
    case 'rename': {
      // Under another name no row would fit any more: only adding the table again helps.
      const isKept = ({ id }: TableColumn): boolean =>
        filterOf(table.spec) !== undefined && (id === 'n' || id === 'v');
      const one = pick(
        table.columns.filter((column) => !isKept(column)),
        p,
      );
      return one ? { does: 'rename', id: one.id, to: freshName(table, p) } : instead;
    }
    case 'type': {
      const one = pick(
        table.columns.filter(({ kind, isWritten }) => isWritten && 'wider' in kinds[kind]),
        p,
      );
      if (!one) return instead;
      const { type, wider = type }: Kind = kinds[kindOf(table, one.id)];
      return { does: 'type', id: one.id, to: one.type === type ? wider : type };
    }
    case 'key':
      if (!table.form.isPlain) return instead;
      return { does: 'key', to: table.key.includes('n') ? table.form.key : [...table.form.key, 'n'] };
    case 'table':
      return { does: 'table', to: `Renamed ${table.nr} ${table.fresh}` };
    case 'schema':
      return { does: 'schema', to: table.schema === 'moved.to' ? table.spec.schema : 'moved.to' };
    case 'goes':
      return p.a < 2 ? { does: 'goes' } : instead;
  }
}

/** The table after the change. */
export function changed(table: Table, change: Change): Table {
  const map = (id: string, more: Partial<TableColumn>): readonly TableColumn[] =>
    table.columns.map((one) => (one.id === id ? { ...one, ...more } : one));
  const after = { ...table, fresh: table.fresh + 1 };
  switch (change.does) {
    case 'add':
      return { ...after, columns: [...table.columns, change.column] };
    case 'drop':
      return { ...after, columns: table.columns.filter(({ id }) => id !== change.id) };
    case 'rename':
      return { ...after, columns: map(change.id, { name: change.to }) };
    case 'type':
      return { ...after, columns: map(change.id, { type: change.to }) };
    case 'key':
      return { ...after, key: change.to };
    case 'table':
      return { ...after, name: change.to, isMoved: true };
    case 'schema':
      return { ...after, schema: change.to, isMoved: true };
    case 'goes':
      return { ...after, isGone: true };
  }
}

/** The DDL, without what the application does with it. */
function ddl(table: Table, change: Change, place: Place): string {
  const alter = `alter table ${qualified(table)}`;
  const name = (id: string): string => quoteIdent(table.columns.find((one) => one.id === id)?.name ?? id);
  switch (change.does) {
    case 'add': {
      const { name: added, type, clause } = change.column;
      return `${alter} add column ${quoteIdent(added)} ${type} ${clauseAt(clause, place)}`;
    }
    case 'drop':
      return `${alter} drop column ${name(change.id)}`;
    case 'rename':
      return `${alter} rename column ${name(change.id)} to ${quoteIdent(change.to)}`;
    case 'type':
      return `${alter} alter column ${name(change.id)} type ${change.to}`;
    case 'key':
      return `${dropKey(table)}; ${addKey(changed(table, change))}`;
    case 'table':
      return `${alter} rename to ${quoteIdent(change.to)}`;
    case 'schema':
      return `create schema if not exists ${quoteIdent(change.to)}; ${alter} set schema ${quoteIdent(change.to)}`;
    case 'goes':
      return `lock table ${qualified(table)} in access exclusive mode; ${keep(table)}; drop table ${qualified(table)} cascade`;
  }
}

/** On the provider, whose functions follow the table. */
export const migration = (table: Table, change: Change, place: Place): string =>
  change.does === 'goes'
    ? ddl(table, change, place)
    : `${ddl(table, change, place)}; ${functions(changed(table, change))}`;

/** On the subscriber, where the table keeps the name that the set has for it, and stays. */
export function follow(table: Table, change: Change, place: Place): { sql: string; after: Table } {
  const after = changed(table, change);
  if (change.does === 'table' || change.does === 'schema' || change.does === 'goes')
    return { sql: 'select', after: { ...after, name: table.name, schema: table.schema } };
  return { sql: ddl(table, change, place), after };
}
