/** What sessions do to a random table: each kind of statement is one entry. */
import { quoteIdent } from '../../src/db/identifiers.js';
import { touch } from './app-triggers.js';
import type { Moment } from './counts.js';
import { aimed, attach, detach, hasHeir, isSplit } from './parts.js';
import {
  child,
  column,
  columnList,
  hasChild,
  isRow,
  kindOf,
  numberOf,
  qualified,
  setHandle,
  valuesOf,
  written,
  type Table,
} from './table.js';
import { copyField, literal } from './values.js';

/** Two rows and a variant of their values. */
export interface Parameters {
  readonly a: number;
  readonly b: number;
  readonly s: number;
}

/** A text of SQL, or a COPY with what goes in. */
export type Command = string | { readonly copy: string; readonly lines: string };

type Statement = (t: Table, p: Parameters, major: number) => Command;

/** Where a moved row's key lies: beside those that are inserted. */
const away = 20;

const target = (t: Table): string =>
  `insert into ${qualified(t)} as own (${written(t)
    .map(({ name }) => quoteIdent(name))
    .join(', ')}) ${t.form.overriding ? 'overriding system value' : ''}`;

const n = (t: Table): string => column(t, 'n');
const v = (t: Table): string => column(t, 'v');

const insert = (t: Table, { a, b, s }: Parameters): string =>
  `${target(t)} values ${[...new Set([a, b])].map((one) => valuesOf(t, one, s)).join(', ')}`;

const upsert =
  (doing: (t: Table, p: Parameters) => string): Statement =>
  (t, p) =>
    t.form.upserts ? `${insert(t, p)} on conflict (${columnList(t, t.key)}) do ${doing(t, p)}` : insert(t, p);

/** By way of a third row, whose key nothing else uses. */
const rotate = (t: Table, a: number, b: number): string =>
  [
    [a, 50],
    [b, a],
    [50, b],
  ]
    .map(([from = 0, to = 0]) => `update ${qualified(t)} set ${setHandle(t, to)} where ${isRow(t, from)}`)
    .join('; ');

const copy: Statement = (t, { a, s }) => ({
  copy: `copy ${qualified(t)} (${written(t)
    .map(({ name }) => quoteIdent(name))
    .join(', ')}) from stdin`,
  lines: [a, a + 1, a + 10]
    .map(
      (row) =>
        `${written(t)
          .map((one) => copyField(one.kind, numberOf(one, row, s)))
          .join('\t')}\n`,
    )
    .join(''),
});

const merge: Statement = (t, { a, b, s }) => {
  const names = written(t).map(({ name }) => quoteIdent(name));
  const on = t.form.handle.map((id) => `own.${column(t, id)} = s.${column(t, id)}`).join(' and ');
  return `merge into ${qualified(t)} own using (values ${valuesOf(t, a, s)}, ${valuesOf(t, b, s)}, ${valuesOf(t, 12, s)}) as s (${names.join(', ')}) on ${on}
    when matched and own.${n(t)} % 3 = ${s % 3} then delete
    when matched then update set ${v(t)} = 'merged', ${n(t)} = own.${n(t)} + 1
    when not matched then insert (${names.join(', ')}) ${t.form.overriding ? 'overriding system value' : ''} values (${names.map((name) => `s.${name}`).join(', ')})`;
};

const parent = (t: Table, a: number): string =>
  t.form.handle.map((id) => literal(kindOf(t, id), a)).join(', ');

/** Statements about a child, for a table that has one. */
const withChild =
  (statement: Statement, without: Statement): Statement =>
  (t, p, major) =>
    (hasChild(t) ? statement : without)(t, p, major);

const updateRange: Statement = (t, { a, s }) =>
  `update ${qualified(t)} set ${n(t)} = ${n(t)} + 1, ${v(t)} = 'v${s}' where ${n(t)} % 3 = ${a % 3}`;

const all = {
  insert,
  upsert: upsert((t, { s }) => `update set ${v(t)} = excluded.${v(t)}, ${n(t)} = own.${n(t)} + ${s}`),
  'upsert or not': upsert(() => 'nothing'),
  'upsert that moves': upsert((t, { a }) => `update set ${setHandle(t, a + away)}`),
  'update range': updateRange,
  'update one': (t, { a, s }) => `update ${qualified(t)} set ${v(t)} = 'one ${s}' where ${isRow(t, a)}`,
  'update of nothing': (t) => `update ${qualified(t)} set ${v(t)} = ${v(t)}, ${n(t)} = ${n(t)}`,
  'other spelling': (t, { a, s }) => `update ${qualified(t)} set ${setHandle(t, a, s)} where ${isRow(t, a)}`,
  move: (t, { a, b }) => `update ${qualified(t)} set ${setHandle(t, b + away)} where ${isRow(t, a)}`,
  'move back': (t, { a, b }) => `update ${qualified(t)} set ${setHandle(t, a)} where ${isRow(t, b + away)}`,
  rotate: (t, { a, b }) => rotate(t, a, b),
  delete: (t, { a }) => `delete from ${qualified(t)} where ${isRow(t, a)}`,
  'delete range': (t, { a }) => `delete from ${qualified(t)} where ${n(t)} % 4 = ${a % 4}`,
  'cte deletes and inserts': (t, { a, b, s }) =>
    `with gone as (delete from ${qualified(t)} where ${isRow(t, a)} returning ${n(t)}) ${target(t)} select r.* from (values ${valuesOf(t, b, s)}) as r where exists (select from gone)`,
  'cte deletes and updates': (t, { a, b }) =>
    `with gone as (delete from ${qualified(t)} where ${isRow(t, a)} returning ${n(t)} as gone_n) update ${qualified(t)} own set ${n(t)} = own.${n(t)} + gone.gone_n from gone where ${isRow(t, b, 'own.')}`,
  'cte writes twice': (t, { a, b, s }) =>
    `with one as (${target(t)} values ${valuesOf(t, a, s)} returning 1), two as (update ${qualified(t)} set ${v(t)} = 'cte' where ${isRow(t, b)} returning 1) select count(*) from one, two`,
  merge: (t, p, major) => (major < 15 ? updateRange : merge)(t, p, major),
  copy,
  'function in SET': (t, { a, s }) =>
    `update ${qualified(t)} set ${n(t)} = ${n(t)} + ${touch(t)}('set ${s}') where ${isRow(t, a)}`,
  'function in INSERT': (t, { a, s }) =>
    `${target(t)} select r.* from (values ${valuesOf(t, a, s)}) as r where ${touch(t)}('insert ${s}') = 1`,
  block: (t, { a, b, s }) => `do $do$ begin
    update ${qualified(t)} set ${v(t)} = 'block' where ${isRow(t, a)};
    begin delete from ${qualified(t)} where ${n(t)} % 2 = ${s % 2}; raise exception 'given up'; exception when raise_exception then null; end;
    begin ${target(t)} values ${valuesOf(t, b, s)}; exception when unique_violation or not_null_violation then null; end;
    delete from ${qualified(t)} where ${isRow(t, a)}; ${target(t)} values ${valuesOf(t, a, s)}; end $do$`,
  lock: (t, { a, b }) =>
    `select from ${qualified(t)} where ${isRow(t, a)} or (${isRow(t, b)}) order by ${n(t)} for ${a % 2 === 0 ? 'update' : 'key share'}`,
  seats: (t, { a }) =>
    t.columns.some(({ id }) => id === 'u')
      ? `update ${qualified(t)} set ${column(t, 'u')} = ${a} - ${column(t, 'u')} where ${column(t, 'u')} between 0 and ${a}`
      : `update ${qualified(t)} set ${n(t)} = -${n(t)}`,
  'constraints at once': (_, { s }) => `set constraints all ${s % 2 === 0 ? 'immediate' : 'deferred'}`,
  truncate: (t) => `truncate ${qualified(t)}`,
  'truncate and fill': (t, { a, s }) =>
    `truncate ${qualified(t)}${hasChild(t) ? `, ${child(t)}` : ''} restart identity; ${target(t)} values ${valuesOf(t, a, s)}`,
  'truncate cascade': (t) => `truncate ${qualified(t)} cascade`,
  'child insert': withChild(
    (t, { a, b, s }) =>
      `insert into ${child(t)} values (${a}, ${parent(t, b)}, ${s}), (${a} + 10, ${parent(t, a)}, ${s})`,
    insert,
  ),
  'child upsert': withChild(
    (t, { a, b, s }) =>
      `insert into ${child(t)} as own values (${a}, ${parent(t, b)}, ${s}) on conflict (id) do update set w = own.w + 1`,
    upsert(() => 'nothing'),
  ),
  'child delete': withChild(
    (t, { a }) => `delete from ${child(t)} where id % 3 = ${a % 3}`,
    (t, { a }) => `delete from ${qualified(t)} where ${isRow(t, a + away)}`,
  ),
  attach: (t, p) => (isSplit(t) ? attach(t, p) : insert(t, p)),
  detach: (t, p) => (isSplit(t) ? detach(t, p) : insert(t, p)),
} as const satisfies Record<string, Statement>;

export type StatementName = keyof typeof all;

export const statementNames = Object.keys(all) as StatementName[];

/** What takes no row away that was there before. */
const onlyComing: readonly StatementName[] = [
  'insert',
  'copy',
  'lock',
  'truncate',
  'truncate and fill',
  'truncate cascade',
];

/** What nobody else may see half done; it is about the whole table, whatever other statements name. */
const wholly: readonly StatementName[] = [
  'truncate',
  'truncate and fill',
  'truncate cascade',
  'attach',
  'detach',
];

/** A statement as the player has it done. */
export interface Planned {
  readonly command: Command;
  /** Whether it names a part of the table. */
  readonly isDirect: boolean;
  readonly name: StatementName;
  /** Whether it locks all of the table against everybody. */
  readonly isWhole: boolean;
}

export function plan(drawn: StatementName, table: Table, p: Parameters, major: number): Planned {
  const { identity, isMisused } = table.form;
  const name = identity === 'nothing' && !isMisused && !onlyComing.includes(drawn) ? 'insert' : drawn;
  const target = name === 'attach' || name === 'detach' ? table : aimed(table, p);
  const statement: Statement = all[name];
  return {
    command: statement(target, p, major),
    isDirect: target !== table,
    name,
    isWhole: wholly.includes(name),
  };
}

/** What it counts as once it has succeeded. */
export function momentsOf(table: Table, { name, isDirect }: Planned): Moment[] {
  if (isDirect && hasHeir(table)) return ['statements', 'heirs written directly'];
  if (!isSplit(table)) return ['statements'];
  if (name === 'attach' || name === 'detach') return ['statements', `partitions ${name}ed`];
  if (!isDirect) return ['statements'];
  return ['statements', name.startsWith('truncate') ? 'partitions truncated' : 'partitions written directly'];
}

/** The rows that a table begins with. */
export function firstRows(table: Table): string {
  const rows = [0, 1, 2, 3, 4, 5].map((a) => valuesOf(table, a));
  const main = `${target(table)} values ${rows.join(', ')}`;
  return hasChild(table)
    ? `${main}; insert into ${child(table)} values (1, ${parent(table, 1)}, 1), (2, ${parent(table, 2)}, 1)`
    : main;
}
