/** What an operator may choose for a table, and the tables that need it: each from its copy through replay, both sides compared. */
import { beforeAll, describe, expect, test } from 'vitest';
import type { CaptureOptions } from '../../src/londiste/provider.js';
import { addProviderTables } from '../../src/setup/provider.js';
import { resyncTables } from '../../src/setup/resync.js';
import { listTables, type listTables as Listed } from '../../src/setup/subscriber-tables.js';
import type { Which } from '../support/databases.js';
import { eventually } from '../support/eventually.js';
import { digest, followByHand, reach, tickNow } from '../support/hand-ticks.js';
import { createPair, Daemons, type Pair } from '../support/pair.js';

interface Choice {
  /** What is on the provider, with rows in it; `here` when the subscriber has something else. */
  readonly there: string;
  readonly here?: string;
  readonly options?: CaptureOptions;
  /** Each is a batch. */
  readonly batches: readonly string[];
  /** The rows of the provider that the subscriber has; all when undefined. */
  readonly rows?: string;
}

const partitioned = `create table NAME (id int, part int, v text, primary key (part, id)) partition by range (part);
  create table NAME_1 partition of NAME for values from (0) to (10);
  create table NAME_2 (v text, gone int, part int not null, id int not null); alter table NAME_2 drop column gone;
  alter table NAME attach partition NAME_2 for values from (10) to (20);
  create table NAME_3 partition of NAME for values from (20) to (40) partition by list (part);
  create table NAME_3_a partition of NAME_3 for values in (21, 22); create table NAME_3_b partition of NAME_3 default;
  insert into NAME select n, n % 30, 'first ' || n from generate_series(1, 60) n`;

const plain = 'create table NAME (id int, part int, v text, primary key (part, id))';

const throughPartitions = [
  `insert into NAME values (100, 1, 'root'), (101, 11, 'root'), (102, 21, 'root');
   insert into NAME_1 values (103, 2, 'direct'); insert into NAME_2 (id, part, v) values (104, 12, 'direct');
   insert into NAME_3_b values (105, 33, 'direct'); update NAME_2 set v = v || '!' where id % 2 = 0; delete from NAME_1 where id % 7 = 0`,
  `update NAME set part = (part + 10) % 30 where id < 30; update NAME set id = id + 1000 where id > 100; delete from NAME where v like '%5'`,
  `begin; update NAME set part = part + 1 where part in (9, 19); savepoint s; delete from NAME; rollback to s; commit`,
  `truncate NAME_2; insert into NAME values (1, 13, 'after'); insert into NAME values (1, 3, 'x') on conflict (part, id) do update set v = 'again'`,
  `truncate NAME_3; insert into NAME_3 values (200, 22, 'sub')`,
  `alter table NAME alter v type varchar(90); insert into NAME values (300, 4, 'slow'), (300, 14, 'slow'); truncate NAME_1; update NAME set v = v || '?'`,
  `select londiste.refresh_captures(); insert into NAME values (301, 5, 'fast again'), (301, 15, 'fast again')`,
  `create table NAME_4 partition of NAME for values from (40) to (50); insert into NAME values (400, 41, 'new partition'); update NAME set part = 1 where part = 41`,
  `select londiste.refresh_captures(); insert into NAME_4 values (401, 42, 'x'); truncate NAME_4; insert into NAME values (402, 43, 'y')`,
  `truncate NAME; insert into NAME values (500, 1, 'last'), (500, 11, 'last')`,
];

/** Rows that begin to fit the filter come, though an UPDATE brings them. */
const comes: Choice = {
  there: `create table NAME (a int, b text); insert into NAME values (1, 'x'), (2, 'x')`,
  options: { where: 'a > 1', identity: 'nothing' },
  batches: [
    `insert into NAME values (0, 'out'), (1, 'p'), (1, 'q'), (5, 'in'); update NAME set a = a + 2 where a = 1`,
    `alter table NAME alter b type varchar(9); update NAME set a = 7 where a = 0`,
    `insert into NAME values (-1, 'out'); update NAME set a = a - 1 where a < 0; delete from NAME where a < 0`,
  ],
  rows: `(select * from NAME where a > 1)`,
};

const choices: Readonly<Record<string, Choice>> = {
  partitioned: { there: partitioned, here: plain, batches: throughPartitions },
  partitioned_alike: {
    there: partitioned,
    batches: throughPartitions.filter((sql) => !sql.includes('NAME_4')),
  },
  partitioned_without_key: {
    there: partitioned.replace(', primary key (part, id)', ''),
    here: 'create table NAME (v text, part int, id int)',
    options: { identity: 'full' },
    batches: throughPartitions.map((sql) => sql.replace(/on conflict .*$/, '')),
  },
  one_partition: {
    there: `create table NAME_root (id int, part int, v text, primary key (part, id)) partition by range (part);
      create table NAME partition of NAME_root for values from (0) to (10); insert into NAME values (1, 1, 'a')`,
    here: plain,
    batches: [
      `insert into NAME_root values (2, 2, 'b'); update NAME_root set v = 'c'; update NAME set id = id + 10; delete from NAME where id = 11`,
      `truncate NAME_root; insert into NAME values (5, 5, 'd')`,
    ],
  },
  tree: {
    there: `create table NAME (id int primary key, v text);
      create table NAME_child (more text default 'm', primary key (id)) inherits (NAME);
      insert into NAME values (1, 'parent'); insert into NAME_child values (2, 'child')`,
    here: 'create table NAME (id int primary key, v text)',
    batches: [
      `insert into NAME values (3, 'x'), (4, 'y'); update NAME set v = v || '!'; insert into NAME_child values (5, 'z')`,
      `delete from NAME where id in (1, 5); update NAME set id = id + 100; truncate only NAME`,
      `insert into NAME values (9, 'last'); truncate NAME; insert into NAME values (10, 'very last')`,
    ],
    rows: 'only NAME',
  },
  by_row: {
    there: `create table NAME (id int primary key, v text); insert into NAME select n, 'v' from generate_series(1, 20) n`,
    options: { capture: 'row' },
    batches: [
      `update NAME set id = id + 100 where id > 10; delete from NAME where id = 1; insert into NAME values (1, 'again') on conflict (id) do update set v = 'no'`,
      `truncate NAME; copy NAME from program 'printf "7\\t8\\n"'`.replace(
        /copy.*$/,
        `insert into NAME values (7, '8')`,
      ),
    ],
  },
  named_key: {
    there: `create table NAME (id int primary key, code text not null, v text); create unique index NAME_code on NAME (code);
      insert into NAME values (1, 'a', 'x'), (2, 'b', 'y')`,
    here: 'create table NAME (id int, code text primary key, v text)',
    options: { identity: { index: 'NAME_code' } },
    batches: [
      `update NAME set id = id + 10; update NAME set code = 'c' where code = 'a'; insert into NAME values (1, 'd', 'z')`,
    ],
  },
  full_row: {
    there: `create table NAME (a int, b json); insert into NAME values (1, '{"x": 1}'), (1, '{"x": 1}'), (2, null)`,
    options: { identity: 'full' },
    batches: [
      `delete from NAME where ctid = '(0,1)'; insert into NAME values (3, '[]'), (3, '[]')`,
      `update NAME set a = 4 where ctid = (select max(ctid) from NAME); alter table NAME add column c text`.replace(
        /; alter.*$/,
        '',
      ),
      `truncate NAME; insert into NAME values (5, null), (5, null)`,
      // Statements of one block look nested, and rows as large as this take the way that may fail.
      `do $$ declare large json := (select to_json(string_agg(md5(n::text), '')) from generate_series(1, 20000) n); begin
         insert into NAME values (6, large), (6, large); insert into NAME values (7, large);
         update NAME set a = 8 where a = 7; delete from NAME where ctid = (select min(ctid) from NAME where a = 6); end $$`,
    ],
  },
  insert_only: {
    there: `create table NAME (a int, b text); insert into NAME values (1, 'x'), (1, 'x')`,
    options: { identity: 'nothing' },
    batches: [
      `insert into NAME values (1, 'x'), (2, null)`,
      `truncate NAME; insert into NAME values (7, 'after')`,
    ],
  },
  insert_only_filtered: comes,
  insert_only_filtered_by_row: { ...comes, options: { ...comes.options, capture: 'row' } },
  filtered: {
    there: `create table NAME (id int primary key, cur int, known text); insert into NAME select n, n, 'k' from generate_series(1, 20) n`,
    options: { where: 'cur % 2 = 0 and known is not null' },
    batches: [
      `insert into NAME values (30, 2, 'in'), (31, 3, 'out'); update NAME set cur = cur + 1 where id < 10`,
      `update NAME set known = null where id = 12; update NAME set id = id + 100 where id between 13 and 16; delete from NAME where id = 20`,
      `alter table NAME alter known type varchar(9); update NAME set cur = cur + 1 where id > 110`,
      `update NAME set cur = 2 where id = 31; truncate NAME; insert into NAME values (1, 1, 'out'), (2, 2, 'in')`,
    ],
    rows: `(select * from NAME where cur % 2 = 0 and known is not null)`,
  },
  filtered_by_row: {
    there: `create table NAME (id int primary key, cur int); insert into NAME select n, n from generate_series(1, 20) n`,
    options: { where: 'cur % 2 = 0', capture: 'row' },
    batches: [
      `insert into NAME values (30, 2), (31, 3); update NAME set cur = cur + 1 where id < 10; update NAME set id = id + 100 where id > 15; delete from NAME where id = 12`,
    ],
    rows: `(select * from NAME where cur % 2 = 0)`,
  },
  filtered_without_key: {
    there: `create table NAME (a int, b text); insert into NAME values (1, 'x'), (2, 'x'), (2, 'x')`,
    options: { where: 'a > 1', identity: 'full' },
    batches: [
      `update NAME set a = a + 1 where ctid in ('(0,1)', '(0,2)'); insert into NAME values (0, 'out'), (5, 'in'); update NAME set a = 0 where a = 5`,
    ],
    rows: `(select * from NAME where a > 1)`,
  },
};

/** What an event cannot say: the batch parks the table, a copy brings it back. */
const parking: Readonly<Record<string, Choice & { readonly reason: string }>> = {
  updated: {
    there: 'create table NAME (a int); insert into NAME values (1)',
    options: { identity: 'nothing' },
    batches: [`update NAME set a = 2`],
    reason: 'an UPDATE of a table that was added with --insert-only',
  },
  deleted: {
    there: 'create table NAME (a int); insert into NAME values (1), (2)',
    options: { identity: 'nothing' },
    batches: [`delete from NAME where a = 1`],
    reason: 'a DELETE of a table that was added with --insert-only',
  },
  attached: {
    there: partitioned,
    here: plain,
    batches: [
      `create table NAME_9 (id int not null, part int not null, v text); insert into NAME_9 values (1, 90, 'old');
       alter table NAME attach partition NAME_9 for values from (90) to (99); select londiste.refresh_captures()`,
    ],
    reason: 'its partition public.NAME_9 was attached with rows',
  },
  detached: {
    there: partitioned,
    here: plain,
    batches: [`alter table NAME detach partition NAME_1; select londiste.refresh_captures()`],
    reason: 'its partition public.NAME_1 was detached or dropped with its rows',
  },
  dropped: {
    there: partitioned,
    here: plain,
    batches: [`drop table NAME_1; select londiste.refresh_captures()`],
    reason: 'was detached or dropped with its rows',
  },
  raising: {
    there: 'create table NAME (id int primary key, v int); insert into NAME values (1, 1)',
    options: { where: '10 / v > 1' },
    batches: [
      `insert into NAME values (2, 0); alter table NAME alter v set default 1; delete from NAME where v = 0`,
    ],
    reason: 'INSERT of a row that no event can carry: division by zero',
  },
  unfiltered: {
    there: 'create table NAME (id int primary key, v int); insert into NAME values (1, 1)',
    options: { where: 'v > 0' },
    batches: [
      `alter table NAME rename v to w; insert into NAME values (2, 2); alter table NAME rename w to v`,
    ],
    reason: 'column "v" does not exist',
  },
};

describe.each([
  ['oldest', 'newest'],
  ['newest', 'oldest'],
] as const)('provider %s, subscriber %s', (there: Which, here: Which) => {
  let pair: Pair;
  beforeAll(async () => {
    pair = await createPair(there, here);
    Daemons.replay(pair, { loopDelayMs: 20 });
  });

  async function begin(table: string, choice: Choice): Promise<void> {
    const named = (sql: string): string => sql.replaceAll('NAME', table);
    await pair.provider.execute(named(choice.there));
    await pair.subscriber.execute(named(choice.here ?? choice.there));
    const { identity } = choice.options ?? {};
    await addProviderTables(pair.provider, pair.name.queue, [table], {
      ...choice.options,
      ...(typeof identity === 'object' && { identity: { index: named(identity.index) } }),
    });
    await followByHand(pair, [table]);
    await compare(table, choice, 'the copy');
  }

  async function compare(
    table: string,
    { rows = 'NAME', here: shape = '' }: Choice,
    what: string,
  ): Promise<void> {
    await reach(pair, await tickNow(pair.provider, pair.name.queue));
    const order = shape.startsWith('create table NAME (v text, part')
      ? '(select v, part, id from NAME)'
      : rows;
    const source = order.replaceAll('NAME', table);
    const [state] = await stateOf(table);
    expect(state?.error, what).toBeUndefined();
    const left = await digest(pair.provider, [source]);
    expect(left.replaceAll(source, table).replace(/^\S+ /, ''), what).toBe(
      (await digest(pair.subscriber, [table])).replace(/^\S+ /, ''),
    );
  }

  async function stateOf(table: string): ReturnType<typeof Listed> {
    return (await listTables(pair.subscriber, pair.name)).filter(({ name }) => name === `public.${table}`);
  }

  test.each(Object.entries(choices))('%s', { timeout: 60_000 }, async (table, choice) => {
    await begin(table, choice);
    for (const batch of choice.batches) {
      await pair.provider.execute(batch.replaceAll('NAME', table));
      await compare(table, choice, batch);
    }
  });

  test.each(Object.entries(parking))(
    '%s: parks, and a copy brings it back',
    { timeout: 60_000 },
    async (table, choice) => {
      await begin(table, choice);
      for (const batch of choice.batches) await pair.provider.execute(batch.replaceAll('NAME', table));
      await reach(pair, await tickNow(pair.provider, pair.name.queue));
      const [parked] = await stateOf(table);
      expect(parked).toMatchObject({ state: 'parked' });
      expect(parked?.error).toContain(choice.reason.replaceAll('NAME', table));
      expect(parked?.errorHint).toContain(`resync public.${table}`);
      await resyncTables(pair.ends, [table]);
      await eventually(async () => {
        await tickNow(pair.provider, pair.name.queue);
        return (await stateOf(table)).map(({ state }) => state);
      }, ['ok']);
      await compare(table, choice, 'the new copy');
    },
  );
});
