/** Triggers and functions of an application that write to the table whose statement fires them. */
import { quoteIdent } from '../../src/db/identifiers.js';
import {
  column,
  columnList,
  isRow,
  kindOf,
  qualified,
  setHandle,
  valuesOf,
  written,
  type Table,
} from './table.js';
import { literal } from './values.js';

interface AppTrigger {
  readonly fires: string;
  readonly body: (table: Table) => string;
}

const overriding = ({ form }: Table): string => (form.overriding ? 'overriding system value' : '');

const all = {
  'rewrites the row': {
    fires: 'before insert or update on T for each row',
    body: (t) =>
      `if new.${column(t, 'n')} % 5 = 3 then new.${column(t, 'v')} := 'rewritten'; end if; return new;`,
  },
  'changes the key': {
    fires: 'before insert on T for each row',
    body: (t) =>
      `if new.${column(t, 'n')} % 8 = 7 then ${t.form.handle
        .map((id) => `new.${column(t, id)} := ${literal(kindOf(t, id), 41)};`)
        .join(' ')} end if; return new;`,
  },
  'writes others, by row': {
    fires: 'after insert or update or delete on T for each row',
    body: (t) => `update ${qualified(t)} set ${column(t, 'n')} = ${column(t, 'n')} + 4
      where ${column(t, 'n')} % 4 = (coalesce(new.${column(t, 'n')}, old.${column(t, 'n')}) + 1) % 4; return null;`,
  },
  'writes others, by statement': {
    fires: 'after insert or update or delete on T for each statement',
    body: (t) =>
      `update ${qualified(t)} set ${column(t, 'v')} = left('by ' || ${column(t, 'v')}, 20) where ${column(t, 'n')} % 3 = 0; return null;`,
  },
  'writes before the statement': {
    fires: 'before update or delete on T for each statement',
    body: (t) =>
      `update ${qualified(t)} set ${column(t, 'v')} = 'before' where ${column(t, 'n')} % 4 = 1; return null;`,
  },
  'inserts what is deleted': {
    fires: 'after delete on T for each row',
    body: (t) => {
      const ids = written(t).map(({ id }) => id);
      return `if old.${column(t, 'n')} % 4 <> 1 then insert into ${qualified(t)} (${columnList(t, ids)}) ${overriding(t)}
        values (${ids.map((id) => `old.${column(t, id)}${id === 'n' ? ' + 1' : ''}`).join(', ')}); end if; return null;`;
    },
  },
  'moves a key': {
    fires: 'after insert or update on T for each row',
    body: (
      t,
    ) => `if exists (select from ${qualified(t)} where ${isRow(t, 2)}) and not exists (select from ${qualified(t)} where ${isRow(t, 42)})
      then update ${qualified(t)} set ${setHandle(t, 42)} where ${isRow(t, 2)}; end if; return null;`,
  },
  'fills what is truncated': {
    fires: 'after truncate on T for each statement',
    body: (t) =>
      `insert into ${qualified(t)} (${columnList(t, ids(t))}) ${overriding(t)} values ${valuesOf(t, 3)}; return null;`,
  },
} as const satisfies Record<string, AppTrigger>;

type TriggerName = keyof typeof all;

export const triggerNames = Object.keys(all) as TriggerName[];

function ids(table: Table): string[] {
  return written(table).map(({ id }) => id);
}

const functionOf = ({ nr }: Table, trigger: string): string => `app.${quoteIdent(`${trigger} ${nr}`)}`;

export const touch = ({ nr }: Table): string => `app.touch_${nr}`;

/** All functions that name the table or its columns: an application that alters it makes them anew with it. */
export function functions(table: Table): string {
  return [
    `create or replace function ${touch(table)}(i_new text) returns int language plpgsql as $f$ begin
      update ${qualified(table)} set ${column(table, 'v')} = i_new where ${column(table, 'n')} % 3 = 1; return 1; end $f$`,
    ...table.spec.triggers.map((name) => {
      const { body }: AppTrigger = all[name];
      return `create or replace function ${functionOf(table, name)}() returns trigger language plpgsql as $f$ begin
        if pg_trigger_depth() > 2 then return ${all[name].fires.startsWith('before') ? 'new' : 'null'}; end if; ${body(table)} end $f$`;
    }),
  ].join(';\n');
}

export function createTriggers(table: Table): string {
  const { firesFirst, triggers } = table.spec;
  return [
    'create schema if not exists app',
    functions(table),
    ...triggers.map(
      (name) =>
        `create trigger ${quoteIdent(`${firesFirst ? 'a' : 'z'} ${name}`)} ${all[name].fires.replace(' T ', ` ${qualified(table)} `)} execute function ${functionOf(table, name)}()`,
    ),
  ].join(';\n');
}
