/** Tables without a key: multisets of rows, in one batch, in batch after batch, and in chunks of one row. */
import { beforeAll, describe, expect, test } from 'vitest';
import type { Session } from '../../src/db/session.js';
import { superuser } from '../../src/embedded/server.js';
import { sameName } from '../../src/londiste/destination.js';
import { providerGetTableList } from '../../src/londiste/provider.js';
import { checkTable } from '../../src/setup/check.js';
import type { Form } from '../support/capture-form.js';
import { open } from '../support/databases.js';
import { addFullRow } from '../support/full-row.js';
import { expectNoFaults, followByHand, reach, tickNow } from '../support/hand-ticks.js';
import { createPair, Daemons, type Pair } from '../support/pair.js';
import { oneWay } from '../support/ways.js';
import { memoryLog } from '../ticker/memory-log.js';

interface Corner {
  /** As on the provider; `here` when it is another on the subscriber. */
  readonly there: string;
  readonly here?: string;
  readonly capture?: Form;
  /** Each is a batch, of as many transactions as there are texts. */
  readonly batches: readonly (readonly string[])[];
}

const one = (table: string, where: string): string =>
  `ctid = (select min(ctid) from ${table} where ${where})`;

const corners: Readonly<Record<string, Corner>> = {
  twins: {
    there: 'create table twins (a int, b text)',
    batches: [
      [
        `insert into twins values (1, 'x'), (1, 'x'), (1, 'x'), (2, null), (2, null), (null, null), (null, '')`,
      ],
      [`delete from twins where ${one('twins', 'a = 1')}`],
      [`update twins set b = 'y' where ${one('twins', 'a = 1')}`],
      [`update twins set b = b where a = 1`, `delete from twins where ${one('twins', 'a = 2')}`],
      [
        `insert into twins values (3, 'passing'), (3, 'passing')`,
        `delete from twins where ${one('twins', 'a = 3')}`,
        `update twins set a = 4 where a = 3`,
        `delete from twins where a = 4`,
      ],
      // A row that goes and comes back, one that comes by another's end.
      [`delete from twins where b = 'y'`, `insert into twins values (1, 'y'), (1, 'y')`],
      [`truncate twins`, `insert into twins select 7, 'seven' from generate_series(1, 5)`],
      [
        `delete from twins where ${one('twins', 'a = 7')}`,
        `truncate twins; insert into twins values (8, 'after'), (8, 'after')`,
        `delete from twins where ${one('twins', 'a = 8')}`,
      ],
    ],
  },
  types: {
    there: `create type pair as (l int, r text);
      create table types (j json, jb jsonb, n numeric, f float8, t timestamptz, i interval, b bytea, a text[], p pair, x xml, v text, "r" text, "t n" char(5))`,
    batches: [
      [
        `insert into types (j, n, v) values ('{"a": 1,  "a":2}', 1.50, 'a'), ('{"a": 1,  "a":2}', 1.50, 'a'), ('{"a":1,"a":2}', 1.5, 'a'), (null, null, null)`,
        `insert into types values ('[ "\\\\ " ]', '{"b": [1, 2.50]}', 'NaN', '-0', '2020-02-29 12:00:00.123456+05:30', '1 mon -2 days 03:04:05.6', '\\x00ff', array['a"b', null, '', e'c\\\\d\\te\\nf'], row(1, e'x,"y'')\\\\'), '<a>&amp;</a>', e'tab\\t line\\n back\\\\ quote" (,)', 'r', 'ab')`,
        `insert into types (f) values ('0'), ('-0'), (1e-300), ('Infinity'), (0.1::float4), (0.1)`,
      ],
      [
        `delete from types where j::text = '{"a":1,"a":2}'`,
        `delete from types where f = 0 and f::text = '-0' and v is null`,
      ],
      [
        `update types set v = 'other' where ${one('types', `v = 'a'`)}; update types set j = null where v like 'tab%'`,
      ],
      [`update types set i = coalesce(i, '0') + '1 day', "t n" = 'x', "r" = null`],
      [
        `delete from types where v is null and n is null and f is null`,
        `delete from types where v is not null`,
      ],
    ],
  },
  turned: {
    there: 'create table turned (a int, b text, c int[])',
    here: `create table turned (own bigint generated always as identity, c int[], extra text default 'here', b text, a int)`,
    batches: [
      [`insert into turned select g % 3, 'old', array[g % 3, null] from generate_series(1, 12) g`],
      [
        `delete from turned where ${one('turned', 'a = 1')}; update turned set b = 'new' where ${one('turned', 'a = 2')}`,
      ],
      [`update turned set c = c || a where a = 0`, `delete from turned where a = 2`],
    ],
  },
  generated: {
    there: 'create table generated (a int, twice int generated always as (a * 2) stored, v text)',
    here: 'create table generated (v text, twice int generated always as (a * 2) stored, a int)',
    batches: [
      [`insert into generated (a, v) select g / 2, 'v' from generate_series(1, 12) g`],
      [`update generated set a = a + 1 where ${one('generated', 'a = 3')}`],
      [
        `delete from generated where ${one('generated', 'a = 4')}`,
        `delete from generated where ${one('generated', 'a = 4')}`,
      ],
    ],
  },
  identity: {
    there: `create table identity (n bigint generated always as identity, v text)`,
    batches: [
      [`insert into identity (v) values ('a'), ('a'), ('b')`],
      [`insert into identity overriding system value select n, v from identity where v = 'a'`],
      [`delete from identity where ${one('identity', 'n = 1')}`, `update identity set v = 'c' where n = 2`],
    ],
  },
  parts: {
    there: 'create table parts (a int, v text)',
    // Every partition has a first row at the same place.
    here: `create table parts (v text, a int) partition by list (a);
      create table parts_0 partition of parts for values in (0, null);
      create table parts_1 partition of parts for values in (1) partition by list (v);
      create table parts_1x partition of parts_1 for values in ('x');
      create table parts_1y partition of parts_1 default;
      create table parts_2 partition of parts default`,
    batches: [
      [
        `insert into parts select g % 4, 'x' from generate_series(1, 40) g`,
        `insert into parts values (null, null), (null, null)`,
      ],
      [
        `delete from parts where ${one('parts', 'a = 1')}`,
        `delete from parts where ${one('parts', 'a is null')}`,
      ],
      [
        `update parts set a = a + 1 where ${one('parts', 'a = 0')}; update parts set v = 'y' where ${one('parts', 'a = 1')}`,
      ],
      [`update parts set a = (a + 1) % 4`],
      [`truncate parts`, `insert into parts values (1, 'x'), (2, 'x'), (1, 'x')`],
      [`delete from parts where ${one('parts', 'a = 1')}`],
    ],
  },
  // No key, but values that two rows must not share: they are handed on, to and fro.
  handed: {
    there: 'create table handed (n int unique deferrable initially immediate, v text)',
    here: 'create table handed (n int unique, v text)',
    batches: [
      [
        `insert into handed select g, 'old' from generate_series(1, 20) g; insert into handed values (null, 'x'), (null, 'x')`,
      ],
      [`update handed set n = n + 1`],
      [`update handed set n = 30 - n`, `update handed set v = 'new' where n % 2 = 0`],
      [
        `delete from handed where n = 12; update handed set n = 12 where n = 13; insert into handed values (13, 'again')`,
      ],
      [`delete from handed where ${one('handed', 'n is null')}`, `update handed set v = 'y' where n is null`],
      [
        `truncate handed; insert into handed values (1, 'after'), (2, 'after')`,
        `update handed set n = 3 - n`,
      ],
    ],
  },
  // What a trigger does to the rows of the statement that fires it is captured before them.
  nested: {
    there: `create table nested (a int, v text);
      create function change() returns trigger language plpgsql as $$begin
        if new.v = 'goes' then delete from nested where ${one('nested', `v = 'goes'`)}; end if;
        if new.v = 'turns' then update nested set v = 'turned' where v = 'turns'; end if;
        return null;
      end$$;
      create trigger a_change after insert on nested for each row execute function change()`,
    here: 'create table nested (a int, v text)',
    batches: [
      [`insert into nested values (1, 'stays'), (1, 'goes'), (1, 'turns')`],
      [`insert into nested values (1, 'goes'), (1, 'goes'), (1, 'stays'), (1, 'turns'), (1, 'turns')`],
      [
        `insert into nested values (1, 'goes')`,
        `truncate nested; insert into nested values (2, 'goes'), (2, 'turns')`,
      ],
    ],
  },
  // The same where capture is older than an ALTER: each partition's rows come in that partition's order of columns.
  orders: {
    there: `create table orders (a int, v text) partition by list (a);
      create table orders_1 (v text, a int);
      alter table orders attach partition orders_1 for values in (1);
      create table orders_2 partition of orders for values in (2);
      create function turn() returns trigger language plpgsql as $$begin
        update orders set v = 'turned' where v = 'turns';
        return null;
      end$$;
      create trigger a_turn after insert on orders for each row execute function turn()`,
    here: 'create table orders (v text, more int, a int)',
    capture: 'row',
    batches: [
      ['alter table orders add column if not exists more int'],
      [`insert into orders values (1, 'turns'), (2, 'turns'), (1, 'turns'), (2, 'stays')`],
      [
        `insert into orders values (2, 'turns', 1), (1, 'turns', 2)`,
        `update orders set a = 3 - a where v = 'turned'`,
        `delete from orders where ${one('orders_1', 'a = 1')} and tableoid = 'orders_1'::regclass`,
      ],
    ],
  },
  // Few rows go in statements, many by way of COPY; of one row there may be any number.
  many: {
    there: `create table many (a int, v text, j json)`,
    batches: [
      [`insert into many select g % 5000, repeat('v', g % 50), '{"a":1}' from generate_series(1, 12000) g`],
      [`delete from many where a % 3 = 0`],
      [`update many set v = v || '!' where a % 4 = 0`],
      [`delete from many where a = 1; update many set a = -1 where a = 2`],
      [`insert into many select 1, 'twin', null from generate_series(1, 60000)`],
      [
        `delete from many where v = 'twin' and ctid not in (select ctid from many where v = 'twin' limit 4000)`,
      ],
    ],
  },
};

describe.each(oneWay('back'))('from %s to %s', (from, to) => {
  let pair: Pair;
  let replay: Daemons | undefined;
  const notes = memoryLog();
  const columns = new Map<string, string>();
  let chunks = 0;
  let staged = 0;

  beforeAll(async () => {
    pair = await createPair(from, to);
    for (const [table, { there, here, capture }] of Object.entries(corners)) {
      await pair.provider.execute(there);
      await pair.subscriber.execute(here ?? there);
      await addFullRow(pair.provider, pair.name.queue, table, capture);
      const { list } = await pair.provider.one<{ list: string }>(
        `select string_agg(quote_ident(attname), ', ' order by attnum) as list from pg_attribute where attrelid = to_regclass($1) and attnum > 0`,
        [table],
      );
      columns.set(table, list);
    }
    serve(24 * 1024 * 1024);
    await using mighty = await open({ ...pair.subscriberSettings, user: superuser });
    await followByHand(pair, Object.keys(corners), mighty);
  });

  function serve(memoryBytes: number): void {
    replay = Daemons.replay(pair, {
      memoryBytes,
      log: notes.log,
      onBatch: (replayed) => {
        chunks += replayed.chunks - 1;
        staged += replayed.staged;
      },
    });
  }

  /** The rows with how many there are of each, by the columns of the provider. */
  async function bag(session: Session, table: string): Promise<readonly object[]> {
    return session.query(
      `select r.row, count(*)::int as copies from (select row(${columns.get(table) ?? ''})::text collate "C" as row from ${table}) as r group by 1 order by 1`,
    );
  }

  async function equal(table: string, where: string): Promise<void> {
    await reach(pair, await tickNow(pair.provider, pair.name.queue));
    expect(await bag(pair.subscriber, table), where).toEqual(await bag(pair.provider, table));
  }

  async function play(table: string, { batches }: Corner): Promise<void> {
    await pair.provider.execute(`truncate ${table}`);
    for (const [n, batch] of batches.entries()) {
      for (const transaction of batch) await pair.provider.execute(transaction);
      await equal(table, `batch ${n + 1}`);
    }
    await pair.provider.execute(`truncate ${table}`);
    for (const transaction of batches.flat()) await pair.provider.execute(transaction);
    await equal(table, 'all of it as one batch');
    // Once more without a truncate in front, on top of what is there.
    for (const transaction of batches.flat().filter((text) => !text.includes('truncate'))) {
      await pair.provider.execute(
        table === 'handed' ? transaction.replace('1, 20', '101, 120') : transaction,
      );
    }
    await equal(table, 'on top');
  }

  test('none needs a key on the subscriber', async () => {
    for (const table of await providerGetTableList(pair.provider, pair.name.queue)) {
      expect(table.keyColumns).toEqual([]);
      expect((await checkTable(pair, table, sameName(table.name))).faults).toEqual([]);
    }
  });

  test.each(Object.entries(corners))('%s', { timeout: 120_000 }, play);

  test('each row a chunk of its own', { timeout: 300_000 }, async () => {
    await replay?.stop();
    chunks = staged = 0;
    serve(2_000);
    for (const [table, corner] of Object.entries(corners)) if (table !== 'many') await play(table, corner);
    console.log(
      `${from} to ${to}: ${chunks} further chunks, ${staged} times a table waited for the end of a batch`,
    );
    expect(chunks).toBeGreaterThan(100);
    expect(staged).toBeGreaterThan(10);
  });

  test('thousands of rows in chunks of hundreds', { timeout: 120_000 }, async () => {
    await replay?.stop();
    chunks = staged = 0;
    serve(200_000);
    const { many } = corners;
    if (many) await play('many', many);
    console.log(
      `${from} to ${to}: ${chunks} further chunks, ${staged} times the table waited for the end of a batch`,
    );
    expect(chunks).toBeGreaterThan(20);
    expect(staged).toBeGreaterThan(2);
  });

  test('none of them was a fault, or looked like one', async () => {
    await expectNoFaults(pair, { tables: Object.keys(corners).length, notes });
    await replay?.stop();
  });
});
