/** Every way to write to a table. */
import { describeItems } from './describe-items.js';
import { refused, type Item, type Items } from './item.js';

const entry = `create table t (id serial primary key, v text)`;
const three = `insert into t (v) values ('a'), ('b'), ('c')`;

/** Writes to a table of three rows. */
function plain(...writes: Item['writes']): Item {
  return { tables: entry, rows: three, writes: [...writes, `update t set v = v || '.'`] };
}

/** Writes to a table of three rows whose keys are 1 to 3. */
function fixed(...writes: Item['writes']): Item {
  return {
    tables: 'create table t (id int primary key, v text)',
    rows: `insert into t values (1, 'a'), (2, 'b'), (3, 'c')`,
    writes,
  };
}

const statements: Items = {
  'statements of many rows': plain(
    `insert into t (v) select 'x' || n from generate_series(1, 3000) n`,
    `update t set v = v || v; update t set id = id + 10000 where id % 2 = 0`,
    `delete from t where id % 3 = 0; delete from t where false`,
  ),
  'CTEs that write': fixed(
    `with gone as (delete from t where id = 1 returning *), changed as (update t set v = 'changed' where id = 2 returning *)
       insert into t select id + 100, v from gone union all select id + 200, v from changed returning *`,
    `with gone as (delete from t where id > 100 returning *) update t set id = t.id + 10 from gone where t.id = 3`,
    `with new as (insert into t values (50, 'new') returning *), gone as (delete from t where id = 2 returning *) update t set v = 'both' from new, gone where t.id < 50`,
    `with a as (update t set v = 'a' where id = 50 returning *), b as (update t set v = 'b' where id = 50 returning *) select count(*) <= 2 from a, b`,
  ),
  MERGE: {
    ...fixed(
      `merge into t using (values (1, 'one'), (2, null), (9, 'nine')) s (id, v) on t.id = s.id
         when matched and s.v is null then delete when matched then update set v = s.v when not matched then insert values (s.id, s.v)`,
      `merge into t using (values (1), (9)) s (id) on t.id = s.id when matched then update set id = t.id + 100, v = 'moved'`,
      refused(
        '21000',
        `merge into t using (values (1), (1)) s (id) on t.id = s.id + 100 when matched then update set v = 'twice'`,
      ),
      `merge into t using (values (3), (4)) s (id) on t.id = s.id when matched then do nothing when not matched by source then delete when not matched then insert values (s.id, 'new') returning t.*`,
    ),
    since: 17,
  },
  'ON CONFLICT': fixed(
    `insert into t values (2, 'new 2'), (20, 'x') on conflict (id) do update set v = excluded.v || t.v returning *`,
    `insert into t values (2, 'new 2'), (21, 'x') on conflict (id) do update set id = excluded.id + 50`,
    `insert into t values (1, 'no'), (22, 'x') on conflict do nothing`,
    `insert into t values (1, 'no'), (23, 'x') on conflict (id) do update set v = 'never' where false`,
    refused(
      '21000',
      `insert into t values (60, 'x'), (60, 'y') on conflict (id) do update set v = excluded.v`,
    ),
  ),
  COPY: plain(
    {
      sql: 'copy t from stdin',
      data: Array.from({ length: 2500 }, (_, n) => `${n + 100}\trow\\t${n}\n`).join(''),
    },
    { sql: 'copy t (v, id) from stdin (format csv)', data: `"a ""quoted"", field",77\n,78\n"",79\n` },
    refused('23505', 'copy t from stdin', { data: `50\tkept not\n100\tis there\n` }),
    { sql: `copy t from stdin where id > 10000`, data: `10001\tx\n51\ty\n` },
  ),
  'updatable views, with a check option, and rules': {
    tables: entry,
    there: `create view seen as select id, v from t where id > 1 with check option; create table inbox (id int, v text);
      create rule r as on insert to inbox do instead insert into t values (new.id, new.v);
      create rule s as on delete to inbox do also update t set v = 'by rule' where id = old.id`,
    rows: three,
    writes: [
      `insert into seen values (30, 'by view'); update seen set id = 31 where id = 30; delete from seen where id = 2`,
      refused('44000', `insert into seen values (0, 'refused')`),
      `insert into inbox values (40, 'by rule'), (41, 'too')`,
    ],
  },
  'prepared statements': plain(
    `prepare p (int, text) as insert into t (id, v) values ($1, $2) on conflict (id) do update set v = excluded.v; execute p (60, 'x'); execute p (1, 'y'); execute p (61, null)`,
    `execute p (60, 'again'); deallocate p; prepare d as delete from t where id = 61; execute d; execute d; deallocate d`,
  ),
  'a procedure that commits, a cursor': {
    tables: entry,
    there: `create procedure p() language plpgsql as $f$ begin insert into t (v) values ('committed'); commit;
        update t set v = v || '!' where id = 1; rollback; delete from t where id = 2; end $f$`,
    rows: three,
    writes: [
      'call p()',
      `begin; declare c cursor for select * from t order by id for update; fetch c; update t set v = 'current' where current of c; fetch c; delete from t where current of c; commit`,
    ],
  },
};

const pairOf = (how: string): string =>
  `create table p (id int primary key, v text); create table t (id int primary key, p int ${how}, v text)`;
const family = {
  names: ['t', 'p'],
  rows: `insert into p values (1, 'x'), (2, 'y'), (0, 'none'); insert into t values (1, 1), (2, 1), (3, 2)`,
};

const several: Items = {
  'cascades: key and row': {
    ...family,
    tables: pairOf('references p on update cascade on delete cascade'),
    writes: [
      'update p set id = id + 10 where id > 0',
      'delete from p where id = 11',
      `with x as (delete from p where id = 12 returning *) insert into p select 50, v from x`,
    ],
  },
  'cascades: null and default': {
    ...family,
    tables: `create table p (id int primary key, v text); create table t (id int primary key, p int default 0 references p on update set default on delete set null, v text)`,
    writes: [
      'update p set id = id + 10 where id = 1',
      'delete from p where id = 2',
      'delete from p where id = 0',
    ],
  },
  "cascades into the child's key": {
    names: ['t', 'p'],
    tables: `create table p (id int primary key); create table t (p int references p on update cascade on delete cascade, n int, v text, primary key (p, n))`,
    rows: `insert into p values (1), (2); insert into t values (1, 1, 'x'), (1, 2, 'y'), (2, 1, 'z')`,
    writes: [
      'update p set id = 3 - id + 100',
      'update t set n = n + 10; update p set id = id * 2',
      'delete from p where id = 204',
    ],
  },
  'cascades within a table': {
    tables:
      'create table t (id int primary key, up int references t on update cascade on delete cascade deferrable, v text)',
    rows: `insert into t values (1, null), (2, 1), (3, 2), (4, 4), (5, null)`,
    writes: [
      'update t set id = id + 10',
      'update t set id = 100, up = null where id = 13',
      'delete from t where id = 11',
      'delete from t where id = 14',
    ],
  },
  'TRUNCATE of several tables': {
    names: ['t', 'p', 'o'],
    tables: `create table p (id serial primary key, v text); create table t (id serial primary key, p int references p, v text); create table o (id serial primary key)`,
    rows: `insert into p (v) values ('x'), ('y'); insert into t (p) select max(id) from p; insert into o default values`,
    writes: [
      refused('0A000', 'truncate p'),
      'truncate t, o',
      `insert into t (v) values ('x'); insert into o default values; truncate t, p restart identity; insert into p (v) values ('one again'); insert into t (p) values (1)`,
      'truncate p restart identity cascade',
      `insert into p (v) values ('kept'); insert into t (v) values ('not'); truncate only t continue identity; insert into t (v) values ('after'); truncate o, o`,
      `begin; truncate p cascade; insert into p (v) values ('undone'); rollback`,
      `begin; savepoint s; truncate t; insert into t (v) values ('undone'); rollback to s; insert into t (v) values ('kept'); commit`,
    ],
  },
};

const transactions: Items = {
  'key changes and swaps': fixed(
    `update t set id = id + 1000; update t set id = -id`,
    refused(
      '23505',
      `update t set id = case id when -1001 then -1002 else -1001 end where id in (-1001, -1002)`,
    ),
    `update t set id = 5 where id = -1001; update t set id = -1001 where id = -1002; update t set id = -1002 where id = 5`,
    `delete from t where id = -1001; update t set id = -1001 where id = -1002; insert into t values (-1002, 'new')`,
    `update t set id = id; update t set v = null; update t set id = -id, v = 'both' where id = -1001`,
    refused('23505', `update t set id = 1`),
  ),
  'savepoints rolled back': fixed(
    `begin; insert into t values (10, 'kept'); savepoint s; update t set v = 'lost'; delete from t where id = 1; insert into t values (11, 'lost'); rollback to s; update t set v = 'kept too' where id = 2; commit`,
    `begin; savepoint a; delete from t where id = 3; savepoint b; insert into t values (3, 'back'); release b; rollback to a; update t set id = 33 where id = 3; savepoint a; truncate t; rollback to a; commit`,
    `do $$ begin insert into t values (13, 'kept'); begin insert into t values (14, 'lost'); update t set id = 1 where id = 2; exception when unique_violation then null; end; update t set v = 'kept too' where id = 13; end $$`,
    `begin; delete from t; rollback`,
    refused('23505', `begin; delete from t; insert into t values (1, 'x'), (1, 'y')`),
  ),
  'prepared transactions': fixed(
    `begin; update t set id = -id where id < 3; savepoint s; delete from t; rollback to s; insert into t values (9, 'new'); prepare transaction 'GID a'`,
    `update t set v = 'meanwhile' where id = 3`,
    `commit prepared 'GID a'`,
    `begin; delete from t; prepare transaction 'GID b'`,
    `rollback prepared 'GID b'`,
    `begin; update t set id = id + 100; insert into t values (1, 'after'); prepare transaction 'GID c'`,
    `commit prepared 'GID c'`,
  ),
  'two rows share a deferred value for a moment': {
    tables:
      'create table t (id int primary key, n int unique deferrable initially deferred, m int, constraint m unique (m) deferrable, v text)',
    here: 'create table t (id int primary key, n int unique, m int unique, v text)',
    rows: 'insert into t select g, g, g from generate_series(1, 6) g',
    writes: [
      `begin; update t set n = 2 where id = 1; update t set v = 'twin' where n = 2; update t set n = 1 where id = 2 and v = 'twin'; commit`,
      `begin; insert into t values (10, 5, 50); delete from t where id = 5; update t set id = 5 where id = 10; commit`,
      `begin; set constraints m deferred; update t set m = 5 where id = 4; update t set m = 4, v = 'was twin' where m = 5 and id <> 4; commit`,
      `begin; update t set n = 1; update t set n = id; commit`,
      refused('23505', `begin; insert into t values (20, 1, 60); commit`),
      `update t set n = 7 - n, m = -m`,
    ],
  },
  'exclusion constraints and foreign keys that wait for the commit': {
    names: ['t', 'p'],
    tables: `create table p (id int primary key); create table t (id int primary key, during int4range, p int references p deferrable initially deferred,
      exclude using gist (during with &&) deferrable initially deferred)`,
    here: `create table p (id int primary key); create table t (id int primary key, during int4range, p int references p, exclude using gist (during with &&))`,
    rows: `insert into p values (1); insert into t values (1, '[1,5)', 1), (2, '[5,9)', 1), (3, null, null)`,
    writes: [
      `begin; update t set during = '[5,9)' where id = 1; update t set during = '[1,5)' where id = 2; commit`,
      `begin; update t set p = 7; insert into p values (7); delete from p where id = 1; commit`,
      refused('23503', `begin; update t set p = 8; commit`),
    ],
  },
};

const policy = `alter table t enable row level security; create policy odd on t to WRITER using (id % 2 = 1) with check (id < 100)`;
const byWriter = (sql: string): Item['writes'][number] => ({ as: 'writer', sql });
const hidden: Item = {
  tables: entry,
  there: policy,
  rows: three,
  writes: [
    byWriter(`insert into t (id, v) values (11, 'x'), (13, 'y') returning *`),
    byWriter(`update t set v = v || '!'; update t set id = id + 20 where id > 10`),
    byWriter(`delete from t`),
    refused('42501', `insert into t (id) values (101)`, { as: 'writer' }),
    byWriter(
      `insert into t (id) values (3) on conflict (id) do update set v = 'conflict'; do $$ begin update t set v = 'in'; update t set v = v || ' and out', id = id + 2; delete from t where id = 7; end $$`,
    ),
    byWriter('truncate t'),
    byWriter(`insert into t values (1, 'after'), (2, 'unseen')`),
    // Where it may read, a row must be one that it would see.
    refused('42501', `update t set id = 2 where id = 1`, { as: 'writer' }),
    `update t set v = 'by the owner'`,
  ],
};
const roles: Items = {
  'a role with rights on the table alone, under row level security': hidden,
  'a role of which row security hides what it has written': {
    tables: entry,
    there: `alter table t enable row level security; create policy nothing on t to WRITER using (false); create policy new on t for insert to WRITER with check (true)`,
    rows: three,
    writes: [
      byWriter(`insert into t (id, v) values (50, 'unseen')`),
      byWriter(`update t set v = 'x'; delete from t`),
      byWriter(`insert into t (id) values (50) on conflict do nothing`),
    ],
  },
};

describeItems({ ...statements, ...several, ...transactions, ...roles });
