/** Triggers and functions of an application that write to the table whose statement fires them. */
import { quoteIdent } from '../../src/db/identifiers.js';
import { filterOf } from './filter.js';
import { isSplit, regionOf } from './parts.js';
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

/** What takes no row away, and changes none that was there before. */
const onlyComing: readonly TriggerName[] = ['rewrites the row', 'changes the key', 'fills what is truncated'];

/** What the table has of the triggers that were drawn for it. */
export const triggersOf = ({ spec, form }: Table): readonly TriggerName[] =>
  form.identity === 'nothing' && !form.isMisused
    ? spec.triggers.filter((name) => onlyComing.includes(name))
    : spec.triggers;

/** Count, in sequences, what is done to rows that no statement's text tells. */
export const watches = 'create sequence crossed_filter; create sequence moved_between';

interface Watch {
  readonly isFor: (table: Table) => boolean;
  readonly fires: string;
  readonly body: (table: Table) => string;
}

const watchers: Readonly<Record<string, Watch>> = {
  'watches the filter': {
    isFor: ({ spec }) => filterOf(spec) !== undefined,
    fires: 'after update on T for each row',
    body: ({ spec }) =>
      `if coalesce(${filterOf(spec, 'new.') ?? ''}, false) <> coalesce(${filterOf(spec, 'old.') ?? ''}, false)
         then perform nextval('public.crossed_filter'); end if; return null;`,
  },
  'watches partitions': {
    isFor: isSplit,
    fires: 'after update on T referencing old table as was new table as becomes for each statement',
    body: (t) =>
      `if exists (select ${regionOf(t)}, count(*) from was group by 1 except select ${regionOf(t)}, count(*) from becomes group by 1)
         then perform nextval('public.moved_between'); end if; return null;`,
  },
};

const watchersOf = (table: Table): [string, Watch][] =>
  Object.entries(watchers).filter(([, { isFor }]) => isFor(table));

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
    ...triggersOf(table).map((name) => {
      const { body, fires }: AppTrigger = all[name];
      return createFunction(
        table,
        name,
        `if pg_trigger_depth() > 2 then return ${fires.startsWith('before') ? 'new' : 'null'}; end if; ${body(table)}`,
      );
    }),
    ...watchersOf(table).map(([name, { body }]) => createFunction(table, name, body(table))),
  ].join(';\n');
}

const createFunction = (table: Table, trigger: string, body: string): string =>
  `create or replace function ${functionOf(table, trigger)}() returns trigger language plpgsql as $f$ begin ${body} end $f$`;

export function createTriggers(table: Table): string {
  const { firesFirst } = table.spec;
  const create = (trigger: string, fires: string): string =>
    `create trigger ${quoteIdent(`${firesFirst ? 'a' : 'z'} ${trigger}`)} ${fires.replace(' T ', ` ${qualified(table)} `)} execute function ${functionOf(table, trigger)}()`;
  return [
    'create schema if not exists app',
    functions(table),
    ...triggersOf(table).map((name) => create(name, all[name].fires)),
    ...watchersOf(table).map(([name, { fires }]) => create(name, fires)),
  ].join(';\n');
}
