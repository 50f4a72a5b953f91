/** Writes from triggers and functions of the application into the table whose statement is being captured. */
import { describeItems } from './describe-items.js';
import { refused, type Item, type Items } from './item.js';

const once = 'pg_trigger_depth() = 1';

/** Statements on a table that has a function `f` of this body, called by triggers of these kinds. */
function nested(body: string, triggers: readonly string[], ...writes: Item['writes']): Item {
  return {
    tables: 'create table t (id int primary key, v text)',
    there: `create function f() returns trigger language plpgsql as $f$ begin
      if current_setting('items.quiet', true) = 'on' then return coalesce(new, old); end if; ${body} end $f$; ${triggers.join('; ')}`,
    rows: `select set_config('items.quiet', 'on', true); delete from t; insert into t values (1, 'a'), (2, 'b'), (3, 'c')`,
    writes,
  };
}

/** Triggers of one kind, with a name before ours and one behind them. */
function around(kind: string): string[] {
  return ['aa', 'zz'].map((name) => `create trigger ${name} ${kind} execute function f()`);
}

const rows = `insert into t values (10, 'x'), (11, 'y'), (1, 'on') on conflict (id) do update set v = excluded.v`;
const items: Items = {
  'before the statement': nested(
    `if ${once} then insert into t values (coalesce((select max(id) from t), 0) + 1, tg_op); update t set v = v || '+'; end if; return null;`,
    around('before insert or update or delete on t for each statement'),
    `insert into t values (10, 'x'), (11, 'y')`,
    refused('27000', 'update t set id = id + 100 where id < 4'),
    'update t set v = null where false',
  ),
  'before each row, which it changes': nested(
    `if ${once} then insert into t values (new.id + 1000, 'copy') on conflict do nothing; new.v := new.v || '.'; new.id := new.id + 7; end if; return new;`,
    ['create trigger aa before insert or update on t for each row execute function f()'],
    `insert into t values (20, 'x'), (30, 'y')`,
    `update t set v = 'z' where id in (1, 27)`,
  ),
  'before each row, which it leaves out': nested(
    `if tg_op = 'DELETE' then update t set v = 'deleted' where id = old.id; return null; end if; if new.id % 2 = 0 then return null; end if; return new;`,
    ['create trigger aa before insert or update or delete on t for each row execute function f()'],
    rows,
    'delete from t',
    'update t set id = -id',
  ),
  'during the statement, by functions it calls': {
    tables: 'create table t (id int primary key, v text)',
    there: `create function f(n int) returns text language plpgsql as $f$ begin
        update t set v = 'by ' || n where id = 1; insert into t values (n + 300, 'inner'); delete from t where id = n - 10; return 'outer'; end $f$`,
    rows: `insert into t values (1, 'a'), (2, 'b'), (3, 'c')`,
    writes: [
      `insert into t select n, f(n) from generate_series(10, 13) n`,
      `update t set v = f(id + 400) where id in (2, 3)`,
      `delete from t where f(id + 1000) = 'outer' and id < 100 returning id`,
      `with a as (select f(5000) as x) insert into t select 5, x from a`,
    ],
  },
  'after each row: update it again': nested(
    `if ${once} then update t set v = coalesce(new.v, 'null') || '+' where id = new.id; end if; return null;`,
    around('after insert or update on t for each row'),
    rows,
    `update t set v = 'z' where id < 3`,
    'update t set id = -id, v = null',
  ),
  'after each row: move its key again': nested(
    `if ${once} then update t set id = new.id * 10 where id = new.id; end if; return null;`,
    around('after insert or update on t for each row'),
    `insert into t values (100, 'x')`,
    'update t set id = id + 5000 where id < 500',
  ),
  'after each row: delete it': nested(
    `delete from t where id = new.id and id % 2 = 0; return null;`,
    around('after insert or update on t for each row'),
    `insert into t select n, 'x' from generate_series(10, 20) n`,
    'update t set id = id + 501',
  ),
  'after each row: insert what was deleted': nested(
    `insert into t values (old.id, 'back') on conflict do nothing; return null;`,
    around('after delete on t for each row when (old.id <> 3)'),
    'delete from t',
    'delete from t where id = 2; delete from t where id = 2',
    `with gone as (delete from t returning *) update t set v = 'x' from gone where t.id = gone.id + 1`,
  ),
  'after each row: insert a key that the same statement gives up': nested(
    `if ${once} and old.id = 1 then insert into t values (2, 'in its place'); end if; return null;`,
    ['create trigger aa after update on t for each row execute function f()'],
    'update t set id = id + 100',
    `insert into t values (1, 'again'); update t set id = id + 200 where id in (1, 2)`,
  ),
  'after the statement: insert what was deleted': {
    ...nested(
      `insert into t select id, 'back' from gone where id < 3; return null;`,
      [
        'create trigger aa after delete on t referencing old table as gone for each statement execute function f()',
      ],
      'delete from t',
      'delete from t where id = 1',
    ),
  },
  'after the statement: write everything anew': nested(
    `if ${once} then delete from t; insert into t values (77, tg_op), (78, null); end if; return null;`,
    around('after insert or update or delete on t for each statement'),
    rows,
    'update t set id = id + 5',
    'delete from t where id = 77',
  ),
  'after the statement: TRUNCATE, and rows again': nested(
    `if ${once} then truncate t; insert into t values (1, 'only'); end if; return null;`,
    ['create trigger zz after update on t for each statement execute function f()'],
    refused('55006', `update t set v = 'x'`),
    `insert into t values (5, 'x')`,
  ),
  'after TRUNCATE: fill the table': nested(
    `insert into t values (1, 'filled'), (50, 'too') on conflict do nothing; return null;`,
    around('after truncate on t for each statement'),
    'truncate t',
    `delete from t where id = 1; truncate t`,
  ),
  'a cascade that meets a trigger': {
    names: ['t', 'p'],
    tables:
      'create table p (id int primary key); create table t (id int primary key, p int references p on update cascade on delete cascade, v text)',
    there: `create function f() returns trigger language plpgsql as $f$ begin
        if tg_op = 'DELETE' then insert into t values (old.id, 9, 'moved'); else update t set v = 'touched ' || new.p where id = new.id + 1; end if; return null; end $f$;
      create trigger zz after delete on t for each row when (old.p <> 9) execute function f();
      create trigger aa after update of p on t for each row execute function f()`,
    rows: 'insert into p values (1), (2), (9); insert into t values (1, 1), (2, 1), (3, 2)',
    writes: ['update p set id = id + 10 where id = 1', 'delete from p where id in (11, 2)'],
  },
  'an exception that takes nested writes back': nested(
    `if ${once} then begin update t set v = 'undone'; insert into t values (99, 'undone'); perform 1 / 0; exception when division_by_zero then null; end;
     update t set v = v || '!' where id = 1; end if; return null;`,
    around('after insert or update or delete on t for each row'),
    rows,
    `update t set id = id + 10 where id = 3`,
    'delete from t where id = 2',
  ),
  'deferred to the commit': nested(
    `update t set v = v || '.' where id = new.id and length(v) < 5; return null;`,
    [
      'create constraint trigger zz after insert or update on t deferrable initially deferred for each row execute function f()',
    ],
    rows,
    `begin; update t set v = ''; savepoint s; update t set id = id + 1000; rollback to s; delete from t where id = 1; commit`,
  ),
  'a function with settings of its own': {
    ...nested(
      `if ${once} then update t set v = v || '-', id = id + 1 where id = new.id; end if; return null;`,
      [
        `alter function f() set timezone = 'Asia/Tokyo'`,
        `alter function f() set datestyle = 'SQL, DMY'`,
        'alter function f() set extra_float_digits = -5',
        ...around('after insert on t for each row'),
      ],
      `insert into t values (100, 'x'), (200, 'y')`,
    ),
  },
};

describeItems(items);
