/** Tables of every shape that an apply could get wrong, and statements that try. */
import fc from 'fast-check';

/**
 * What is deferrable there and immediate here: the provider may pass through states, inside of a transaction, that the
 * subscriber refuses at once.
 */
export const shapes: Readonly<Record<string, { readonly there: string; readonly here?: string }>> = {
  plain: { there: 'create table plain (id int primary key, v text)' },
  composite: { there: 'create table composite (a text, b int, v numeric, primary key (b, a))' },
  only_key: { there: 'create table only_key (a int, b text, primary key (a, b))' },
  seat: {
    there: 'create table seat (id int primary key, n int unique deferrable initially immediate, v text)',
    here: 'create table seat (id int primary key, n int unique, v text)',
  },
  booking: {
    there:
      'create table booking (id int primary key, during int4range, v text, exclude using gist (during with &&) deferrable initially deferred)',
    here: 'create table booking (id int primary key, during int4range, v text, exclude using gist (during with &&))',
  },
  later: { there: 'create table later (id int primary key, n int unique deferrable initially deferred)' },
  identity: {
    there:
      'create table identity (id int primary key, n bigint generated always as identity, v text, twice int generated always as (id * 2) stored)',
  },
  numbers: { there: 'create table numbers (n numeric primary key, f float8, v text)' },
  folded: { there: 'create table folded (name text collate folded primary key, n int unique, v text)' },
  tree: {
    there:
      'create table tree (id int primary key, parent int references tree on update cascade on delete set null, v text)',
  },
};

export const prelude = `create collation folded (provider = icu, locale = 'und-u-ks-level2', deterministic = false)`;

/** What a statement does that the engine must be seen to have met. */
export type Kind = 'insert' | 'update' | 'delete' | 'key change' | 'swap' | 'truncate' | 'many rows';

export interface Statement {
  readonly kind: Kind;
  readonly sql: string;
}

const id = fc.integer({ min: 0, max: 11 });
const two = fc.tuple(id, id).filter(([a, b]) => a !== b);
const text = fc.constantFrom("'x'", "'y'", 'null', `''`, `E'\\\\N\\t"(,)'`, `repeat('wide ', 300)`);
const spelling = fc.constantFrom('1', '1.0', '1.00', '2', '2.0', '-0.50', '-0.5', '100', '1e2');
const name = fc.constantFrom('Ann', 'ann', 'ANN', 'Bob', 'bob', 'Cy');

function as<T>(kind: Kind, values: fc.Arbitrary<T>, sql: (values: T) => string): fc.Arbitrary<Statement> {
  return values.map((value) => ({ kind, sql: sql(value) }));
}

/** The key of row `a` becomes free, then taken by `b`'s row, by way of a third one. */
function rotate(table: string, column: string, [a, b]: readonly [number, number]): string {
  return `update ${table} set ${column} = -1 where ${column} = ${a}; update ${table} set ${column} = ${a} where ${column} = ${b};
    update ${table} set ${column} = ${b} where ${column} = -1`;
}

/** Rows of 48 kB, so that a few statements are more than a small memory for changes takes. */
const wide = `repeat(md5(g::text), 1500)`;

const ofTables: fc.Arbitrary<Statement>[] = [
  as(
    'insert',
    fc.tuple(id, text),
    ([n, v]) => `insert into plain values (${n}, ${v}) on conflict (id) do update set v = excluded.v`,
  ),
  as('update', fc.tuple(id, text), ([n, v]) => `update plain set v = ${v} where id % 3 = ${n} % 3`),
  as('delete', id, (n) => `delete from plain where id = ${n}`),
  as('key change', id, (n) => `update plain set id = -id where id = ${n}`),
  as('key change', two, (both) => rotate('plain', 'id', both)),
  as(
    'many rows',
    fc.tuple(id, id),
    ([n, v]) =>
      `insert into plain select g, repeat(md5(g || '${v}'), 20) from generate_series(${n} * 20, ${n} * 20 + 80) g on conflict (id) do update set v = excluded.v`,
  ),
  as('many rows', id, (n) => `delete from plain where id % 2 = ${n} % 2`),

  as(
    'many rows',
    id,
    (n) =>
      `insert into plain select g, ${wide} from generate_series(${n}, ${n} + 10) g on conflict (id) do update set v = excluded.v; update plain set v = 'was wide' where id between ${n} and ${n} + 5`,
  ),
  as(
    'many rows',
    id,
    (n) =>
      `insert into seat select g, g, ${wide} from generate_series(${n}, ${n} + 10) g on conflict do nothing; update seat set n = n + 1; update seat set v = 'was wide' where id > ${n}`,
  ),
  as(
    'insert',
    fc.tuple(id, name, spelling),
    ([n, a, v]) =>
      `insert into composite values ('${a}', ${n}, ${v}) on conflict (a, b) do update set v = excluded.v`,
  ),
  as('key change', fc.tuple(id, name), ([n, a]) => `update composite set a = '${a}' where b = ${n}`),
  as('key change', id, (n) => `update composite set b = b + 100 where b = ${n}`),
  as('delete', id, (n) => `delete from composite where b > 50 or b = ${n}`),

  as(
    'insert',
    fc.tuple(id, name),
    ([n, a]) => `insert into only_key values (${n}, '"${a}, (\\') on conflict do nothing`,
  ),
  as('key change', fc.tuple(id, name), ([n, a]) => `update only_key set b = '${a}' where a = ${n}`),
  as('delete', id, (n) => `delete from only_key where a = ${n}`),

  as(
    'insert',
    fc.tuple(id, text),
    ([n, v]) => `insert into seat values (${n}, ${n}, ${v}) on conflict do nothing`,
  ),
  as(
    'swap',
    two,
    ([a, b]) =>
      `update seat s set n = o.n from seat o where s.id in (${a}, ${b}) and o.id in (${a}, ${b}) and o.id <> s.id`,
  ),
  as('swap', id, () => `update seat set n = n + 1`),
  as('swap', two, ([a, b]) => `delete from seat where id = ${a}; update seat set n = ${a} where id = ${b}`),
  as(
    'swap',
    two,
    ([a, b]) =>
      `update seat set n = null where id = ${a}; insert into seat values (${b} + 20, ${a}, 'handed on') on conflict (id) do update set n = excluded.n`,
  ),
  as('key change', two, (both) => rotate('seat', 'id', both)),
  as(
    'many rows',
    id,
    (n) =>
      `insert into seat select g, g, repeat('w', 800) from generate_series(${n} * 10 + 100, ${n} * 10 + 160) g on conflict do nothing; update seat set n = -n`,
  ),
  as('delete', id, (n) => `delete from seat where id > 90 or id = ${n}`),

  as(
    'insert',
    fc.tuple(id, text),
    ([n, v]) =>
      `insert into booking values (${n}, int4range(${n} * 10, ${n} * 10 + 10), ${v}) on conflict (id) do nothing`,
  ),
  as(
    'swap',
    two,
    ([a, b]) =>
      `update booking s set during = o.during from booking o where s.id in (${a}, ${b}) and o.id in (${a}, ${b}) and o.id <> s.id`,
  ),
  as('swap', id, () => `update booking set during = int4range(lower(during) + 5, upper(during) + 5)`),
  as('delete', id, (n) => `delete from booking where id = ${n}`),
  as('key change', two, (both) => rotate('booking', 'id', both)),

  as('insert', id, (n) => `insert into later values (${n}, ${n}) on conflict (id) do nothing`),
  as(
    'swap',
    two,
    ([a, b]) => `update later set n = ${b} where id = ${a}; update later set n = ${a} where id = ${b}`,
  ),
  as(
    'delete',
    two,
    ([a, b]) =>
      `insert into later values (${a} + 50, ${b}) on conflict (id) do nothing; delete from later where n = ${b} and id < 50`,
  ),

  as(
    'insert',
    fc.tuple(id, text),
    ([n, v]) =>
      `insert into identity (id, v) values (${n}, ${v}) on conflict (id) do update set v = excluded.v`,
  ),
  as('update', id, (n) => `update identity set n = default where id % 2 = ${n} % 2`),
  as('key change', two, (both) => rotate('identity', 'id', both)),
  as('delete', id, (n) => `delete from identity where id = ${n}`),

  as(
    'insert',
    fc.tuple(spelling, text),
    ([n, v]) =>
      `insert into numbers values (${n}, '-0', ${v}) on conflict (n) do update set v = excluded.v, f = 0`,
  ),
  as('key change', spelling, (n) => `update numbers set n = ${n} where n = ${n}`),
  as('key change', id, (n) => `update numbers set n = n * 1.0 where scale(n) < ${n}`),
  as(
    'key change',
    spelling,
    (n) =>
      `delete from numbers where n = ${n}; insert into numbers values (trim_scale(${n}), 'NaN', 'again')`,
  ),
  as('delete', spelling, (n) => `delete from numbers where n = ${n}`),

  as(
    'insert',
    fc.tuple(name, id, text),
    ([a, n, v]) => `insert into folded values ('${a}', ${n}, ${v}) on conflict do nothing`,
  ),
  as('key change', name, (a) => `update folded set name = '${a}' where name = '${a}'`),
  as(
    'key change',
    name,
    (a) => `delete from folded where name = '${a}'; insert into folded values ('${a}', null, 'again')`,
  ),
  as(
    'swap',
    fc.tuple(name, name, id),
    ([a, b, n]) =>
      `update folded set n = null where name = '${a}' or n = ${n}; update folded set n = ${n} where name = '${b}'`,
  ),

  as(
    'insert',
    fc.tuple(id, id, text),
    ([n, up, v]) =>
      `insert into tree values (${n}, (select id from tree where id = ${up}), ${v}) on conflict (id) do update set parent = excluded.parent`,
  ),
  as('key change', id, (n) => `update tree set id = id + 100 where id = ${n}`),
  as('delete', id, (n) => `delete from tree where id = ${n} or id > 200`),

  as('truncate', id, () => 'truncate plain, only_key'),
  as('truncate', text, (v) => `truncate seat; insert into seat values (1, 2, ${v}), (2, 1, 'after')`),
  as(
    'truncate',
    id,
    (n) =>
      `insert into tree values (300 + ${n}) on conflict do nothing; truncate tree; insert into tree values (${n})`,
  ),
];

export const statement: fc.Arbitrary<Statement> = fc.oneof(...ofTables);
