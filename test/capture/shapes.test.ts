/** Tables of every shape: keys, kinds of columns, types, names. */
import { describeItems } from './describe-items.js';
import { refused, type Item, type Items } from './item.js';

const long = 'x'.repeat(63);

/** Writes of every kind to a table whose key is `id`, or is called and typed otherwise. */
function changes(
  table = 't',
  key = 'id',
  [a, b, c]: readonly [string, string, string] = ['1', '2', '7'],
): string[] {
  return [
    `update ${table} set v = v || '!' where ${key} = ${a}; delete from ${table} where ${key} = ${b}`,
    `update ${table} set ${key} = ${c} where ${key} = ${a}`,
    `insert into ${table} (${key}, v) values (${a}, 'again'), (${b}, null); update ${table} set v = 'all'`,
    // All but the first look as if they came from inside of one another.
    `do $$ begin delete from ${table} where ${key} = ${b}; insert into ${table} (${key}, v) values (${b}, 'x');
       update ${table} set ${key} = ${key}, v = v || '?'; delete from ${table} where ${key} = ${a};
       update ${table} set ${key} = ${a} where ${key} = ${c}; end $$`,
  ];
}

/** A table `t` whose key `id` has another type. */
function keyed(type: string, [a, b, c]: readonly [string, string, string], before = ''): Item {
  return {
    tables: `${before}; create table t (v text, id ${type} primary key)`,
    rows: `insert into t (id, v) values (${a}, 'one'), (${b}, 'two')`,
    writes: changes('t', 'id', [a, b, c]),
  };
}

/** A table of another name, with another name for its key and for the column beside it. */
function named(table: string, key: string, before = ''): Item {
  return {
    tables: `${before}; create table ${table} (n int default 3, ${key} int primary key, v text)`,
    names: [table],
    rows: `insert into ${table} (${key}, v) values (1, 'one'), (2, 'two')`,
    writes: changes(table, key),
  };
}

/** A table `t` with one more column, of a type of the item's own, and values of it. */
function typed(type: string, values: readonly string[], before = ''): Item {
  return {
    tables: `${before}; create table t (id int primary key, x ${type}, v text)`,
    rows: values.map((value, n) => `insert into t (id, x, v) values (${n + 1}, ${value}, 'x')`).join('; '),
    writes: [
      ...changes('t', 'id', ['1', '2', '77']),
      ...values.map((value) => `update t set x = ${value}`),
      `update t set x = null`,
    ],
  };
}

const keys: Items = {
  'a key of several columns, not in their order': {
    tables: `create table t (v text, a int, id int, b text, primary key (b, id, a))`,
    rows: `insert into t values ('x', 1, 1, 'one'), ('y', 1, 2, 'one'), (null, 2, 1, 'o,"n')`,
    writes: [
      `update t set b = b || '.' where a = 1; update t set a = a + 1`,
      `update t set (a, id, b) = (id, a, b); delete from t where id = 3`,
      `insert into t values (null, 1, 1, ''), ('', 1, 1, ' ')`,
      `update t set id = 3 - id where id < 3 and a < 3`,
    ],
  },
  'no column beside the key': {
    tables: 'create table t (a int, b text, primary key (a, b))',
    rows: `insert into t values (1, 'x'), (1, 'y'), (2, 'x')`,
    writes: [
      `update t set a = a + 5`,
      `delete from t where b = 'y'`,
      `update t set b = 'z'; insert into t values (9, '')`,
    ],
  },
  'a unique index that is not null, where there is no primary key': {
    tables: 'create table t (v text, id int not null unique, n int unique)',
    rows: `insert into t values ('one', 1, 10), ('two', 2, null)`,
    writes: changes(),
  },
  'of two unique indexes the one that is not null': {
    tables: `create table t (v text, a int, id int not null); create unique index a on t (a); create unique index b on t (id); create unique index c on t (id, v)`,
    rows: `insert into t values ('one', null, 1), ('two', null, 2)`,
    writes: changes(),
  },
  'a unique index with columns included, beside partial and other ones': {
    tables: `create table t (v text, id int not null, n int not null default 0); create unique index a on t (n) where n > 100;
      create unique index b on t ((id + 1)); create unique index c on t (id) include (n)`,
    rows: `insert into t values ('one', 1), ('two', 2)`,
    writes: [...changes(), `update t set n = n + 1`],
  },
  'a deferrable primary key beside an immediate unique index': {
    tables: `create table t (p int primary key deferrable initially deferred, id int not null unique, v text)`,
    rows: `insert into t values (1, 1, 'one'), (2, 2, 'two')`,
    writes: [
      `update t set p = 3 - p`,
      `update t set id = id + 10 where p = 1; update t set v = v || p`,
      `delete from t where p = 1; insert into t values (1, 100, 'again'); update t set p = 3 - p`,
    ],
  },
  'generated columns, stored': {
    tables: `create table t (a int generated always as (id * 2) stored, id int primary key, v text, w text generated always as (upper(v)) stored)`,
    rows: `insert into t (id, v) values (1, 'one'), (2, 'two')`,
    writes: changes(),
  },
  'generated columns, virtual': {
    since: 18,
    tables: `create table t (id int primary key, n int default 1, v text, a int generated always as (100 / n) virtual, w text generated always as (upper(v)) virtual)`,
    here: `create table t (id int primary key, n int default 1, v text, a int generated always as (100 / n) stored, w text generated always as (upper(v)) stored)`,
    rows: `insert into t (id, v) values (1, 'one'), (2, 'two')`,
    writes: [
      ...changes(),
      `insert into t (id, n) values (20, 0); update t set v = 'x'; update t set n = 5 where n = 0`,
    ],
  },
  'a generated column in the key': {
    tables: `create table t (n int, v text, id int generated always as (n + 1) stored primary key)`,
    rows: `insert into t values (1, 'one'), (2, 'two')`,
    writes: [
      `update t set n = n + 10`,
      `delete from t where id = 12; insert into t values (1, 'again'); update t set n = 30 - n`,
    ],
  },
  'an identity that is always generated': {
    tables: `create table t (id bigint generated always as identity primary key, v text)`,
    rows: `insert into t (v) values ('one'), ('two')`,
    writes: [
      `insert into t (v) values ('three') returning *`,
      `insert into t overriding system value values (100, 'own'); update t set id = default where v = 'two'; delete from t where v = 'one'`,
      refused('428C9', `insert into t (id, v) values (5, 'refused')`),
    ],
  },
  'an identity by default, and one beside the key': {
    tables: `create table t (id int generated by default as identity primary key, n bigint generated always as identity (start -100 increment -5), v text)`,
    rows: `insert into t (v) values ('one'), ('two')`,
    writes: [
      `insert into t (id, v) values (50, 'own'); insert into t (v) values ('next')`,
      `update t set n = default, id = id + 7; delete from t where v = 'two'`,
    ],
  },
  'a domain': keyed('even', ['2', '4', '10'], `create domain even as int check (value % 2 = 0) not null`),
  'a domain of a domain of an array': keyed(
    'pile',
    [`'{a}'`, `'{NULL,"b, c"}'`, `'{{1},{2}}'`],
    `create domain word as text check (value <> 'no'); create domain pile as word[]`,
  ),
  'an enum': keyed(
    'mood',
    [`'it''s "fine"'`, `'so, so'`, `''`],
    `create type mood as enum ('so, so', 'it''s "fine"', '')`,
  ),
  'a composite': keyed(
    'pair',
    [`'(1,"x,""y")'::pair`, `'(2,)'::pair`, `'(,"")'::pair`],
    'create type pair as (a int, b text)',
  ),
  'an array': keyed('int[]', [`'{}'`, `'{1,NULL}'::int[]`, `'[0:1]={1,2}'`]),
  'a range': keyed('numrange', [`'empty'`, `'[1.0,2.00)'`, `'(,)'`]),
  'a multirange': keyed('int4multirange', [`'{}'`, `'{[1,3),[5,7)}'`, `'{(,)}'`]),
  citext: keyed('citext', [`'Ann'`, `'BOB'`, `'cy'`]),
  'citext that changes its case only': {
    tables: 'create table t (id citext primary key, v text)',
    rows: `insert into t values ('ann', 'x'), ('bob', 'y')`,
    writes: [
      `update t set id = upper(id)`,
      `update t set id = 'aNN' where id = 'Ann'; delete from t where id = 'BoB'; insert into t values ('bOb', 'again')`,
    ],
  },
  'numeric that changes its scale only': {
    tables: 'create table t (id numeric primary key, v text)',
    rows: `insert into t values (1.0, 'x'), (2, 'y')`,
    writes: [
      `update t set id = id * 1.00`,
      `delete from t where id = 1; insert into t values (1, 'again'); update t set id = 2.0 where id = 2`,
    ],
  },
  'a name that folds': keyed(
    'text collate folded',
    [`'Ann'`, `'Bob'`, `'Cy'`],
    `create collation folded (provider = icu, locale = 'und-u-ks-level2', deterministic = false)`,
  ),
};

const own = `create type money_of as (amount numeric, unit text);
  create function as_json(money_of) returns json language sql immutable as $$ select json_build_object('amount', $1.amount) $$;
  create cast (money_of as json) with function as_json(money_of)`;

const types: Items = {
  'composite types that hold composites and arrays': typed(
    'b',
    [`row(row(1, null), array[row(2, 'x"y')::a, null], '{{1,2},{3,4}}')::b`, `row(null, '{}', null)::b`],
    `create type a as (n int, "T t" text); create type b as (one a, many a[], grid int[][])`,
  ),
  'arrays of enums, domains and ranges': typed(
    'r',
    [`row('{x,"y z"}', '{1,NULL}', '{"[1,2)",empty}')::r`],
    `create type e as enum ('x', 'y z'); create domain d as int check (value > 0); create type r as (es e[], ds d[], rs int4range[])`,
  ),
  'ranges of an own type': typed(
    'floats',
    [`'[-0,1e-300)'`, `'(,Infinity]'`, `'empty'`],
    'create type floats as range (subtype = float8, subtype_diff = float8mi)',
  ),
  hstore: typed('hstore', [`'a=>1, "b c"=>NULL, "d"=>"\\"x\\", y=>z"'`, `''`]),
  'a type with a cast to json': typed(
    'money_of',
    [`row(1.50, '"€"')::money_of`, 'row(null, null)::money_of'],
    own,
  ),
  'geometry, network, text search, ids': typed(
    'odd',
    [
      `row('(1,-0)', '((0,0),(1e-10,1))', '10.0.0.1/8', '08:00:2b:01:02:03', '''a'':1A ''b c'':2', '''x'' & !''y''', '00000000-0000-0000-0000-000000000001', '1/AB', '{"a": [1, null]}')::odd`,
    ],
    `create type odd as (p point, g polygon, i inet, m macaddr, v tsvector, q tsquery, u uuid, l pg_lsn, j jsonb)`,
  ),
};

const names: Items = {
  capitals: named('"Entry"', '"Id"'),
  'capitals, dots and quotes in schema, table and column': named(
    '"My.Schema ""x"""."Table.1 ""y"""',
    '"key.of ""z"""',
    'create schema "My.Schema ""x"""',
  ),
  spaces: named('" two  words "', '" "'),
  '63 bytes': named(`"${long}"."${'y'.repeat(63)}"`, `"${'z'.repeat(63)}"`, `create schema "${long}"`),
  '63 bytes of more than one each': named(`"${'ä'.repeat(31)}x"`, `"${'é'.repeat(31)}y"`),
  'keywords and names of ours': named('"select"', '"newtab"'),
  'what looks like a format, a pattern or a parameter': named('"%s %1$s $1 * ?"', `"it's \\ %I"`),
  'signs of control': named('"tab\tand\nline"', '"a\rb"'),
  'a star': named('"*"', '"?"'),
  'a name in braces and commas': named('"{a,b}"', '"(c,d)"'),
};

describeItems({ ...keys, ...types, ...names });
