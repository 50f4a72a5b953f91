/** What the golden samples were taken of: tables, triggers on them, and statements. */
export interface Case {
  readonly name: string;
  /** SQL that makes a table and its triggers; `%f` stands for each trigger function in turn. */
  readonly setup: string;
  /** Each is a transaction of its own. */
  readonly statements: readonly string[];
  /** The trigger functions, when not all three row formats. */
  readonly functions?: readonly string[];
}

export const rowFormats = ['logutriga', 'jsontriga', 'sqltriga'];

const every = 'insert or update or delete';

/** A table and one trigger on it. */
function table(columns: string, args = '', { name = 't', when = 'after', events = every } = {}): string {
  return `create table ${name} (${columns});
    create trigger tg ${when} ${events} on ${name} for each row execute procedure pgq.%f('q'${args})`;
}

const plain = 'id int primary key, a text, b text';
const changes = [
  `insert into t values (1, 'x', null)`,
  `update t set a = 'y' where id = 1`,
  `update t set b = 'z' where id = 1`,
  `update t set a = a where id = 1`,
  `update t set a = null, b = '' where id = 1`,
  `delete from t where id = 1`,
];

const texts = [
  'plain-text_1.0~',
  `it's`,
  'a\\b',
  "a\\'b",
  '"q"',
  'x y+z%',
  '&=?#/:;,@!$*()[]{}<>|^`',
  'tab\tnl\ncr\r',
  '\u0001\u0002\u007f',
  'äöü€𝄞日本',
  'null',
  'NULL',
  ' lead',
  '',
];
const literal = (text: string): string => `'${text.replaceAll("'", "''")}'`;

export const cases: readonly Case[] = [
  { name: 'plain', setup: table(plain), statements: changes },
  {
    name: 'texts',
    setup: table(plain),
    statements: texts.flatMap((text, n) => [
      `insert into t values (${n}, ${literal(text)}, 'x')`,
      `update t set b = ${literal(text)}, a = 'c' where id = ${n}`,
      `delete from t where id = ${n}`,
    ]),
  },
  {
    name: 'text in the key',
    setup: table('k text primary key, v int'),
    statements: texts.flatMap((text) => [
      `insert into t values (${literal(text)}, 1)`,
      `update t set v = 2 where k = ${literal(text)}`,
      `delete from t where k = ${literal(text)}`,
    ]),
  },
  {
    name: 'odd names',
    setup: table(
      '"I d" int, "k=2&" text, "sel""ect" text, "select" int, "Ä" int, x_1 int, primary key ("k=2&", "I d")',
      '',
      {
        name: '"Odd ""T.b"',
      },
    ),
    statements: [
      `insert into "Odd ""T.b" values (1, 'k', 's', 4, 5, 6)`,
      `update "Odd ""T.b" set "select" = 7, "sel""ect" = null`,
      `delete from "Odd ""T.b"`,
    ],
  },
  {
    name: 'odd schema',
    setup: `create schema "S-1"; create table "S-1".t (id int primary key, a text);
      create trigger tg after ${every} on "S-1".t for each row execute procedure pgq.%f('q')`,
    statements: [`insert into "S-1".t values (1, 'a')`, `update "S-1".t set a = 'b'`, `delete from "S-1".t`],
  },
  {
    name: 'many types',
    setup: `create type mood as enum ('sad', 'very happy');
      create type pair as (x int, y text);
      create domain posint as int check (value > 0);
      create domain stamp as timestamp;
      ${table(`id bigint primary key, s smallint, i int, bo boolean, n numeric, f4 float4, f8 float8, d date, ti time,
        ts timestamp, tz timestamptz, iv interval, u uuid, by bytea, js json, jb jsonb, xm xml, mo mood, pa pair,
        dp posint, ds stamp, ai int[], at text[], ab boolean[], c3 char(3), vc varchar(9), nm name, ch "char", ip inet, ci cidr,
        pt point, bi bit(3), o oid, r regclass, nr numrange, m money, tsv tsvector`)}`,
    statements: [
      `insert into t values (1, 2, 3, true, 1.50, 0.1, 1e300, '2026-01-02', '03:04:05.6', '2026-01-02 03:04:05.678', '2026-01-02 03:04:05+02',
        '1 day 02:03', 'a0eebc99-9c0b-4ef8-bb6d-6bb9bd380a11', '\\x00ff', '{"a": 1}', '{"a": [1, null]}', '<a b="c"/>', 'very happy', '(1,"a b")',
        5, '2026-01-02 03:04:05', '{1,2}', '{"a b",NULL,c}', '{t,f,NULL}', 'ab', 'vc', 'nm', 'c', '10.0.0.1', '10.0.0.0/8',
        '(1,2)', '101', 42, 'pg_class', '[1.0,2.5)', '12.34', 'a b')`,
      `update t set bo = false, n = 'NaN', f8 = '-Infinity', d = 'infinity', ts = 'infinity', tz = '-infinity', s = null, ai = '{}', pa = null`,
      `update t set d = '0044-03-15 BC', ts = '0044-03-15 01:02:03 BC', tz = '2026-07-01 00:00:00.000001 Asia/Kolkata', n = 1e-10`,
      `insert into t (id) values (2)`,
      `delete from t where id = 2`,
      `delete from t`,
    ],
  },
  {
    name: 'styles of the session',
    setup: table('id int primary key, d date, ts timestamp, tz timestamptz, f float8, iv interval, b bytea'),
    statements: [
      `set local datestyle = 'German, DMY'; set local timezone = 'Asia/Kolkata'; set local extra_float_digits = 0; set local intervalstyle = 'iso_8601'; set local bytea_output = 'escape';
       insert into t values (1, '2026-01-02', '2026-01-02 03:04:05', '2026-01-02 03:04:05Z', 0.1, '1 day 2 hours', '\\x0061ff')`,
      `set local timezone = 'America/St_Johns'; update t set tz = '1900-01-01 00:00Z'`,
    ],
  },
  {
    name: 'equality of types',
    setup: table(
      'id int primary key, n numeric, f float8, iv interval, jb jsonb, bp bpchar, ar numeric[], nr numrange, b box, j json',
    ),
    statements: [
      `insert into t values (1, 1.0, 0, '1 day', '{"a": 1.0}', 'a', '{1.0}', '[1.0,2)', '(1,1),(0,0)', '{"a":1}')`,
      `update t set n = 1.00`,
      `update t set f = '-0'`,
      `update t set iv = '24 hours'`,
      `update t set jb = '{"a": 1.00}'`,
      `update t set bp = 'a  '`,
      `update t set ar = '{1.00}'`,
      `update t set nr = '[1.00,2)'`,
      `update t set b = '(2,2),(1,1)'`,
      `update t set j = '{"a": 1}'`,
      `update t set n = 2, f = 'NaN', iv = '25 hours'`,
      `update t set f = 'NaN'`,
    ],
  },
  {
    name: 'keys of types whose values can be equal and differ',
    setup: table('k numeric primary key, v int'),
    statements: [
      `insert into t values (1.0, 1)`,
      `update t set k = 1.00, v = 2`,
      `update t set k = 1.000`,
      `update t set k = 2`,
      `delete from t`,
    ],
  },
  {
    name: 'case-insensitive collation',
    setup: `create collation ci (provider = icu, locale = 'und-u-ks-level2', deterministic = false);
      ${table('id int primary key, a text collate ci, b text')}`,
    statements: [
      `insert into t values (1, 'a', 'b')`,
      `update t set a = 'A'`,
      `update t set b = 'B'`,
      `update t set a = 'b'`,
    ],
  },
  {
    name: 'a key that changes',
    setup: table('id int, k2 text, a text, primary key (id, k2)'),
    statements: [
      `insert into t values (1, 'k', 'a')`,
      `update t set k2 = 'l'`,
      `update t set id = 2, a = 'b'`,
      `update t set a = 'b'`,
    ],
  },
  {
    name: 'no key',
    setup: table('a int, b text'),
    statements: [`insert into t values (1, 'b')`, `update t set a = 2`, `delete from t`],
  },
  {
    name: 'key columns in another order',
    setup: table('a int, b int, c int, d text, primary key (c, a)'),
    statements: [
      `insert into t values (1, 2, 3, 'd')`,
      `update t set d = 'e'`,
      `update t set d = d`,
      `delete from t`,
    ],
  },
  {
    name: 'pkey=',
    setup: table('id int, a text, b text', `, 'pkey=b,id'`),
    statements: [
      `insert into t values (1, 'x', 'k')`,
      `update t set a = 'y'`,
      `update t set a = 'y'`,
      `update t set b = 'l'`,
      `delete from t`,
    ],
  },
  {
    name: 'pkey= with spaces',
    setup: table('id int, a text, b text', `, 'pkey= b , id'`),
    statements: [
      `insert into t values (1, 'x', 'k')`,
      `update t set a = 'y'`,
      `update t set b = 'l'`,
      `delete from t`,
    ],
  },
  {
    name: 'pkey= of an unknown column',
    setup: table('id int, a text', `, 'pkey=nope'`),
    statements: [`insert into t values (1, 'x')`, `update t set a = 'y'`, `delete from t`],
  },
  {
    name: 'pkey= of none',
    setup: table('id int primary key, a text', `, 'pkey='`),
    statements: [`insert into t values (1, 'x')`, `update t set a = 'y'`, `delete from t`],
  },
  {
    name: 'pkey= with a null',
    setup: table('id int, a text', `, 'pkey=id'`),
    statements: [
      `insert into t values (null, 'x')`,
      `update t set a = 'y'`,
      `update t set id = 1`,
      `delete from t`,
    ],
  },
  { name: 'ignore=', setup: table(plain, `, 'ignore=b'`), statements: changes },
  {
    name: 'ignore= two',
    setup: table(`${plain}, c text`, `, 'ignore=b, a'`),
    statements: [
      `insert into t values (1, 'x', 'y', 'z')`,
      `update t set a = 'a'`,
      `update t set a = 'b', b = 'b'`,
      `update t set a = 'c', c = 'c'`,
      `update t set c = c`,
      `delete from t`,
    ],
  },
  { name: 'ignore= of an unknown column', setup: table(plain, `, 'ignore=nope'`), statements: changes },
  {
    name: 'ignore= of the key',
    setup: table(plain, `, 'ignore=id'`),
    statements: [
      `insert into t values (1, 'x', 'y')`,
      `update t set id = 2`,
      `update t set a = 'a'`,
      `delete from t`,
    ],
  },
  { name: 'ignore= of everything else', setup: table(plain, `, 'ignore=a,b'`), statements: changes },
  {
    name: 'ignore= of equal values',
    setup: table('id int primary key, n numeric, a text', `, 'ignore=n'`),
    statements: [`insert into t values (1, 1.0, 'a')`, `update t set n = 1.00`, `update t set n = 2`],
  },
  { name: 'ignore= twice', setup: table(plain, `, 'ignore=a', 'ignore=b'`), statements: changes },
  { name: 'backup', setup: table(plain, `, 'backup'`), statements: changes },
  {
    name: 'backup, ignore=',
    setup: table(`${plain}, c numeric`, `, 'backup', 'ignore=a'`),
    statements: [...changes.slice(0, 5).map((s) => s.replace('null)', 'null, 1)')), `delete from t`],
  },
  {
    name: 'backup, ev_extra2=',
    setup: table(plain, `, 'backup', 'ev_extra2=''mine'''`),
    statements: changes,
  },
  {
    name: 'SKIP',
    setup: table(plain, `, 'SKIP'`, { when: 'before' }),
    statements: [`insert into t values (1, 'x', null)`, `insert into t values (1, 'x', null)`],
  },
  {
    name: 'SKIP on rows that are there',
    setup: `create table t (${plain}); insert into t values (1, 'x', 'y');
      create trigger tg before ${every} on t for each row execute procedure pgq.%f('q', 'SKIP')`,
    statements: [`update t set a = 'y'`, `delete from t`, `update t set b = 'still there'`],
  },
  { name: 'SKIP after', setup: table(plain, `, 'SKIP'`), statements: [`insert into t values (1)`] },
  {
    name: 'skip',
    setup: table(plain, `, 'skip'`, { when: 'before' }),
    statements: [`insert into t values (1)`],
  },
  { name: 'BEFORE', setup: table(plain, '', { when: 'before' }), statements: changes },
  {
    name: 'BEFORE, generated',
    setup: table('id int primary key, a int, g int generated always as (a * 2) stored', '', {
      when: 'before',
    }),
    statements: [`insert into t values (1, 2)`, `update t set a = 3`, `delete from t`],
  },
  {
    name: 'AFTER, generated',
    setup: table('id int primary key, a int, g int generated always as (a * 2) stored'),
    statements: [`insert into t values (1, 2)`, `update t set a = 3`, `delete from t`],
  },
  {
    name: 'deny',
    setup: `${table(plain, `, 'deny'`)};
      create trigger tt after truncate on t for each statement execute procedure pgq.%f('q', 'deny')`,
    statements: [`insert into t values (1)`, `truncate t`],
  },
  {
    name: 'deny on rows that are there',
    setup: `create table t (${plain}); insert into t values (1, 'x', 'y');
      create trigger tg after ${every} on t for each row execute procedure pgq.%f('q', 'deny')`,
    statements: [
      `update t set a = 'y'`,
      `delete from t`,
      `update t set id = 5`,
      `set local session_replication_role = local; update t set a = 'local'`,
    ],
  },
  {
    name: 'role local',
    setup: `${table(plain)}; create trigger tt after truncate on t for each statement execute procedure pgq.%f('q')`,
    statements: changes.concat(`truncate t`).map((s) => `set local session_replication_role = local; ${s}`),
  },
  {
    name: 'role local with bad arguments',
    setup: table(plain, `, 'nonsense'`),
    statements: [`set local session_replication_role = local; insert into t values (1)`],
  },
  {
    name: 'role local, SKIP',
    setup: table(plain, `, 'SKIP'`, { when: 'before' }),
    statements: [
      `set local session_replication_role = local; insert into t values (1, 'x', null)`,
      `insert into t values (1)`,
      `set local session_replication_role = local; update t set a = 'l'`,
      `update t set b = 'the row is there'`,
      `set local session_replication_role = local; delete from t`,
      `update t set b = 'gone'`,
    ],
  },
  {
    name: 'role replica, enabled always',
    setup: `${table(plain)}; alter table t enable always trigger tg`,
    statements: changes.map((s) => `set local session_replication_role = replica; ${s}`),
  },
  {
    name: 'role replica',
    setup: table(plain),
    statements: changes.map((s) => `set local session_replication_role = replica; ${s}`),
  },
  {
    name: 'overrides',
    setup: table(
      plain,
      `, 'ev_type=a', 'ev_data=id + 1', 'ev_extra1=b', 'ev_extra2=''two''', 'ev_extra3=a || b', 'ev_extra4=id = 1'`,
    ),
    statements: changes,
  },
  {
    name: 'override with a boolean',
    setup: table('id int primary key, f boolean', `, 'ev_extra4=f'`),
    statements: [`insert into t values (1, true)`, `update t set f = null`],
  },
  {
    name: 'override with a subquery',
    setup: table(plain, `, 'ev_extra3=(select count(*) from pg_class where relname = t.a)'`),
    statements: [changes[0] ?? ''],
  },
  {
    name: 'override with a subquery of columns',
    setup: table(plain, `, 'ev_extra3=(select max(x) from unnest(array[a, b]) x)'`),
    statements: changes,
  },
  {
    name: 'override of a set',
    setup: table(plain, `, 'ev_extra3=generate_series(1, id)'`),
    statements: [changes[0] ?? '', `insert into t values (2)`],
  },
  { name: 'override of an aggregate', setup: table(plain, `, 'ev_extra3=count(*)'`), statements: changes },
  {
    name: 'override of a composite',
    setup: table(plain, `, 'ev_extra3=row(id, a)', 'ev_extra4=array[a,b]'`),
    statements: changes,
  },
  {
    name: 'overrides given twice',
    setup: table(plain, `, 'ev_extra3=1', 'ev_extra3=2'`),
    statements: changes,
  },
  {
    name: 'override that fails',
    setup: table(plain, `, 'ev_extra3=1/(id - 1)'`),
    statements: [`insert into t values (1)`, `insert into t values (2)`],
  },
  {
    name: 'override of nothing',
    setup: table(plain, `, 'ev_extra3='`),
    statements: [`insert into t values (1)`],
  },
  {
    name: 'override that cannot be read',
    setup: table(plain, `, 'ev_extra3=nope'`),
    statements: [`insert into t values (1)`],
  },
  {
    name: 'when=',
    setup: table(plain, `, 'when=id > 1'`),
    statements: [
      `insert into t values (1)`,
      `insert into t values (2)`,
      `update t set a = 'x'`,
      `delete from t`,
    ],
  },
  {
    name: 'when= of null',
    setup: table(plain, `, 'when=a = ''x'''`),
    statements: [
      `insert into t values (1)`,
      `insert into t values (2, 'x')`,
      `insert into t values (3, 'y')`,
    ],
  },
  { name: 'when= no boolean', setup: table(plain, `, 'when=id'`), statements: [`insert into t values (1)`] },
  {
    name: 'when= no boolean but text',
    setup: table(plain, `, 'when=a'`),
    statements: [`insert into t values (1, 't')`],
  },
  {
    name: 'when= unknown',
    setup: table(plain, `, 'when=''t'''`),
    statements: [`insert into t values (1, 't')`],
  },
  {
    name: 'when= twice',
    setup: table(plain, `, 'when=true', 'when=false'`),
    statements: [`insert into t values (1, 't')`],
  },
  {
    name: 'when=, SKIP',
    setup: table(plain, `, 'SKIP', 'when=id > 1'`, { when: 'before' }),
    statements: [`insert into t values (1)`, `insert into t values (2)`, `insert into t values (1)`],
  },
  {
    name: 'when=, update of a key',
    setup: table(plain, `, 'when=false'`),
    statements: [`insert into t values (1)`, `update t set id = 2`, `delete from t`],
  },
  {
    name: 'when=, ignored change only',
    setup: table(plain, `, 'when=1/0 = 1', 'ignore=a'`),
    statements: [`update t set a = 'z'`, `insert into t values (1)`],
  },
  {
    name: 'composites',
    setup: `create type pair as (x int, y text); ${table('id int primary key, p pair, q pair[]')}`,
    statements: [
      `insert into t values (1, '(1,"a b")', '{"(1,a)",NULL}')`,
      `update t set p = '(1,)'`,
      `update t set p = null`,
      `update t set q = '{}'`,
    ],
  },
  {
    name: 'magic columns',
    setup: table(
      'id int primary key, a text, _pgq_ev_type text, _pgq_ev_data text, _pgq_ev_extra1 text, _pgq_ev_extra2 int, _pgq_ev_extra3 boolean, _pgq_ev_extra4 timestamp',
    ),
    statements: [
      `insert into t values (1, 'a', 'T', 'D', 'E1', 2, true, '2026-01-01')`,
      `insert into t values (2, 'a')`,
      `update t set a = 'b' where id = 1`,
      `update t set _pgq_ev_extra2 = 3 where id = 1`,
      `update t set _pgq_ev_data = null where id = 1`,
      `delete from t`,
    ],
  },
  {
    name: 'a magic column and an override',
    setup: table('id int primary key, a text, _pgq_ev_extra3 text', `, 'ev_extra3=''arg'''`),
    statements: [`insert into t values (1, 'a', 'col')`],
  },
  {
    name: 'a magic column ignored',
    setup: table('id int primary key, a text, _pgq_ev_extra3 text', `, 'ignore=_pgq_ev_extra3'`),
    statements: [
      `insert into t values (1, 'a', 'col')`,
      `update t set _pgq_ev_extra3 = 'x'`,
      `update t set a = 'b'`,
    ],
  },
  {
    name: 'a magic column and ignore=',
    setup: table('id int primary key, a text, _pgq_ev_extra3 text', `, 'ignore=a'`),
    statements: [
      `insert into t values (1, 'a', 'col')`,
      `update t set _pgq_ev_extra3 = 'x'`,
      `update t set a = 'b'`,
      `update t set a = 'c', _pgq_ev_extra3 = 'y'`,
    ],
  },
  {
    name: 'a magic column as key',
    setup: table('_pgq_ev_extra3 text primary key, a text'),
    statements: [`insert into t values ('k', 'a')`, `update t set a = 'b'`, `delete from t`],
  },
  {
    name: 'an unknown magic column',
    setup: table('id int primary key, _pgq_ev_nope text'),
    statements: [`insert into t values (1, 'a')`],
  },
  {
    name: 'an unknown magic column ignored',
    setup: table('id int primary key, _pgq_ev_nope text', `, 'ignore=_pgq_ev_nope'`),
    statements: [`insert into t values (1, 'a')`],
  },
  {
    name: 'a column like a magic one',
    setup: table('id int primary key, _pgq_nope text, _pgq_ev text'),
    statements: [`insert into t values (1, 'a', 'b')`],
  },
  {
    name: 'truncate',
    setup: `create table t (${plain}); create trigger tt after truncate on t for each statement execute procedure pgq.%f('q')`,
    statements: [`truncate t`],
  },
  {
    name: 'truncate before',
    setup: `create table t (${plain}); create trigger tt before truncate on t for each statement execute procedure pgq.%f('q')`,
    statements: [`truncate t`],
  },
  {
    name: 'truncate without a key',
    setup: `create table t (a int); create trigger tt after truncate on t for each statement execute procedure pgq.%f('q')`,
    statements: [`truncate t`],
  },
  ...[`'ignore=a'`, `'pkey=id'`, `'backup'`, `'ev_type=''x'''`, `'when=true'`, `'SKIP'`, `'nonsense'`].map(
    (arg) => ({
      name: `truncate with ${arg}`,
      setup: `create table t (${plain}); create trigger tt after truncate on t for each statement execute procedure pgq.%f('q', ${arg})`,
      statements: [`truncate t`],
    }),
  ),
  {
    name: 'truncate before with SKIP',
    setup: `create table t (${plain}); create trigger tt before truncate on t for each statement execute procedure pgq.%f('q', 'SKIP')`,
    statements: [`truncate t`],
  },
  {
    name: 'truncate, magic columns',
    setup: `create table t (id int primary key, _pgq_ev_extra3 text); create trigger tt after truncate on t for each statement execute procedure pgq.%f('q')`,
    statements: [`truncate t`],
  },
  {
    name: 'statement trigger',
    setup: `create table t (${plain}); create trigger tt after insert on t for each statement execute procedure pgq.%f('q')`,
    statements: [`insert into t values (1)`],
  },
  {
    name: 'no queue given',
    setup: `create table t (${plain}); create trigger tt after insert on t for each row execute procedure pgq.%f()`,
    statements: [`insert into t values (1)`],
  },
  {
    name: 'no such queue',
    setup: `create table t (${plain}); create trigger tt after insert on t for each row execute procedure pgq.%f('nope')`,
    statements: [`insert into t values (1)`],
  },
  ...[
    `'nonsense'`,
    `'expand'`,
    `''`,
    `'ev_extra5=1'`,
    `'Ignore=a'`,
    `'backup=1'`,
    `'deny '`,
    `'ev_id=1'`,
  ].map((arg) => ({
    name: `bad argument ${arg}`,
    setup: table(plain, `, ${arg}`),
    statements: [`insert into t values (1)`],
  })),
  {
    name: 'dropped columns',
    setup: `create table t (x int, id int primary key, y int, a text, z int, b text); alter table t drop x, drop y, drop z;
      create trigger tg after ${every} on t for each row execute procedure pgq.%f('q')`,
    statements: changes,
  },
  {
    name: 'DDL between statements',
    setup: table(plain),
    statements: [
      ...changes.slice(0, 2),
      `alter table t add c int default 5`,
      `update t set a = 'p'`,
      `alter table t rename b to bb`,
      `update t set a = 'q'`,
      `alter table t alter c type numeric(9, 2)`,
      `update t set c = 6`,
      `alter table t alter c type text`,
      `update t set c = 'seven'`,
      `alter table t drop column a`,
      `update t set c = 'eight'`,
      `alter table t drop constraint t_pkey`,
      `insert into t values (2)`,
      `update t set c = 'nine'`,
      `alter table t add primary key (id, c)`,
      `update t set bb = 'ten'`,
      `alter table t rename to u`,
      `update u set bb = 'eleven'`,
      `create schema other; alter table u set schema other`,
      `update other.u set bb = 'twelve'`,
      `begin; alter table other.u add d int; insert into other.u values (9, 'c', 'bb', 1)`,
      `create or replace trigger tg after ${every} on other.u for each row execute procedure pgq.%f('q', 'ignore=bb')`,
      `insert into other.u values (10, 'c', 'bb')`,
    ],
  },
  { name: 'a table without columns', setup: table(''), statements: [`insert into t default values`] },
  {
    name: 'one column',
    setup: table('id int primary key'),
    statements: [`insert into t values (1)`, `update t set id = 1`, `delete from t`],
  },
  {
    name: 'many columns',
    setup: table(`id int primary key, ${Array.from({ length: 70 }, (_, n) => `c${n} text`).join(', ')}`),
    statements: [
      `insert into t (id, c1, c68) values (1, 'a b', 'it''s')`,
      `update t set c33 = 'x', c1 = null`,
      `delete from t`,
    ],
  },
  {
    name: 'partitions',
    setup: `create table t (id int primary key, a text) partition by range (id); create table t1 partition of t for values from (0) to (10);
      create table t2 (a text, id int primary key); alter table t attach partition t2 for values from (10) to (20);
      create trigger tg after ${every} on t for each row execute procedure pgq.%f('q')`,
    statements: [`insert into t values (1, 'a'), (11, 'b')`, `update t set a = 'c'`, `delete from t`],
  },
  {
    name: 'many rows',
    setup: table(plain),
    statements: [
      `insert into t select n, 'row ' || n, null from generate_series(1, 5) n`,
      `update t set b = id`,
      `delete from t where id % 2 = 0`,
    ],
  },
  {
    name: 'deferred',
    setup: `create table t (${plain}); create constraint trigger tg after ${every} on t deferrable initially deferred for each row execute procedure pgq.%f('q')`,
    statements: [`insert into t values (1, 'a', 'b'); update t set a = 'c'; delete from t`],
  },
  ...logtrigaCases(),
];

function logtrigaCases(): Case[] {
  const of = (
    name: string,
    args: string,
    statements: readonly string[] = changes,
    columns = plain,
    when = 'after',
  ): Case => ({
    name: `logtriga ${name}`,
    functions: ['logtriga'],
    setup: `create table t (${columns}); create trigger tg ${when} ${every} on t for each row execute procedure pgq.%f(${args})`,
    statements,
  });
  return [
    of('kvv', `'q', 'kvv'`),
    of('with a table name', `'q', 'kvv', 'other.name'`),
    of('kiv', `'q', 'kiv'`),
    of('kvi', `'q', 'kvi'`),
    of('kii', `'q', 'kii'`),
    of('vkk', `'q', 'vkk'`),
    of('short kinds', `'q', 'kv'`),
    of('long kinds', `'q', 'kvvvk'`),
    of('key after the last column', `'q', 'vvvk'`),
    of('no key', `'q', 'vvv'`),
    of('empty kinds', `'q', ''`),
    of('other letters', `'q', 'kxv'`),
    of('one argument', `'q'`),
    of('no argument', ''),
    of('four arguments', `'q', 'kvv', 't', 'x'`),
    of('before', `'q', 'kvv'`, changes, plain, 'before'),
    of(
      'a dropped column',
      `'q', 'kvv'`,
      [
        `alter table t drop a`,
        `insert into t values (1, 'b', 'c')`,
        `update t set b = 'x'`,
        `update t set c = 'x'`,
        `delete from t`,
      ],
      'id int primary key, a text, b text, c text',
    ),
    of('a key that changes', `'q', 'kvv'`, [`insert into t values (1, 'a', 'b')`, `update t set id = 2`]),
    of(
      'no primary key',
      `'q', 'kv'`,
      [`insert into t values (1, 'a')`, `update t set a = 'b'`, `update t set a = a`, `delete from t`],
      'id int, a text',
    ),
    of(
      'values',
      `'q', 'kvv'`,
      texts.flatMap((text, n) => [
        `insert into t values (${n}, ${literal(text)})`,
        `update t set b = a`,
        `delete from t`,
      ]),
    ),
    of(
      'equal values',
      `'q', 'kv'`,
      [`insert into t values (1, 1.0)`, `update t set n = 1.00`, `update t set n = null`, `delete from t`],
      'id int primary key, n numeric',
    ),
    of(
      'types',
      `'q', 'kvvv'`,
      [`insert into t values (1, true, '2026-01-01', 'a')`, `update t set b = false`],
      'id int primary key, b boolean, ts timestamp, c char(3)',
    ),
    of(
      'role local',
      `'q', 'kvv'`,
      changes.map((s) => `set local session_replication_role = local; ${s}`),
    ),
    of('role local, two arguments too many', `'q', 'kvv', 't', 'x'`, [
      `set local session_replication_role = local; insert into t values (1)`,
    ]),
    of(
      'magic columns count',
      `'q', 'kvi'`,
      [`insert into t values (1, 'a', 'b')`],
      'id int primary key, _pgq_ev_type text, a text',
    ),
    of('an explicit key of a letter after the table', `'q', 'ivk'`, [
      `insert into t values (1, 'a', 'b')`,
      `update t set a = 'c'`,
      `update t set id = 2`,
      `update t set b = 'd'`,
      `delete from t`,
    ]),
    of(
      'magic columns',
      `'q', 'kvv'`,
      [`insert into t values (1, 'a', 'b')`],
      'id int primary key, _pgq_ev_type text, a text',
    ),
    {
      name: 'logtriga truncate',
      functions: ['logtriga'],
      setup: `create table t (${plain}); create trigger tg after truncate on t for each statement execute procedure pgq.%f('q', 'kvv')`,
      statements: [`truncate t`],
    },
    {
      name: 'logtriga statement',
      functions: ['logtriga'],
      setup: `create table t (${plain}); create trigger tg after insert on t for each statement execute procedure pgq.%f('q', 'kvv')`,
      statements: [`insert into t values (1)`],
    },
  ];
}
