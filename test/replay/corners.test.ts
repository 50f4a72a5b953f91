/** Keys and constraints that a set-based apply could trip over, one table each, in one batch and in chunks of one row. */
import { beforeAll, describe, expect, test } from 'vitest';
import { superuser } from '../../src/embedded/server.js';
import { open } from '../support/databases.js';
import { expectNoFaults, digest, reach, subscribeByHand, tickNow } from '../support/hand-ticks.js';
import { createPair, Daemons, type Pair } from '../support/pair.js';
import { oneWay } from '../support/ways.js';
import { memoryLog } from '../ticker/memory-log.js';

interface Corner {
  /** As on the provider; `here` when it is another on the subscriber. */
  readonly there: string;
  readonly here?: string;
  /** Each is a batch, of as many transactions as there are texts. */
  readonly batches: readonly (readonly string[])[];
}

const seat = (how: string): string => `create table seat (id int primary key, n int unique ${how}, v text)`;
const booking = (how: string): string =>
  `create table booking (id int primary key, during int4range, exclude using gist (during with &&) ${how})`;

const corners: Readonly<Record<string, Corner>> = {
  seat: {
    there: seat('deferrable initially immediate'),
    here: seat(''),
    batches: [
      [`insert into seat select g, g, 'old' from generate_series(1, 40) g`],
      // Swapped, shifted, turned round; then handed on by a row that goes, one that takes null, one that changes its key.
      [`update seat s set n = 3 - s.n where n < 3`],
      [`update seat set n = n + 1`],
      [`update seat set n = 100 - n`, `update seat set v = 'new' where id % 2 = 0`],
      [
        `delete from seat where id = 7; update seat set n = 93 - 1 where id = 8; insert into seat values (7, 91, 'again')`,
      ],
      [
        `update seat set n = null where id = 9`,
        `update seat set n = 90 where id = 10`,
        `insert into seat values (41, 89, 'new')`,
      ],
      [
        `update seat set id = id + 1000`,
        `update seat set n = n - 1`,
        `delete from seat where id % 3 = 0`,
        `update seat set n = -n`,
      ],
      [
        `truncate seat; insert into seat values (1, 5, 'after'), (2, 6, 'after')`,
        `update seat set n = 11 - n`,
      ],
    ],
  },
  booking: {
    there: booking('deferrable initially deferred'),
    here: booking(''),
    batches: [
      [`insert into booking select g, int4range(g * 10, g * 10 + 10) from generate_series(1, 40) g`],
      [`update booking set during = int4range(lower(during) + 5, upper(during) + 5)`],
      [`update booking set during = int4range(415 - upper(during), 415 - lower(during))`],
      [
        `delete from booking where id = 20; update booking set during = int4range(lower(during), upper(during) + 10) where id = 21`,
      ],
    ],
  },
  later: {
    there: `create table later (id int primary key, n int unique deferrable initially deferred)`,
    batches: [
      [`insert into later select g, g from generate_series(1, 20) g`],
      [`update later set n = 2 where id = 1; update later set n = 1 where id = 2`],
      [
        `insert into later values (30, 5); delete from later where id = 5; insert into later values (5, 6); delete from later where id = 6`,
      ],
    ],
  },
  tree: {
    there: `create table tree (id int primary key, up int references tree on update cascade on delete cascade, v text)`,
    batches: [
      [`insert into tree select g, nullif(g / 2, 0), 'old' from generate_series(1, 40) g`],
      [`update tree set id = id + 100 where id in (2, 5, 20)`],
      [
        `insert into tree values (3000, 105); update tree set up = 3000 where id = 3; delete from tree where id = 105`,
      ],
      [`truncate tree; insert into tree values (2, null), (1, 2)`],
    ],
  },
  identity: {
    there: `create table identity (id int primary key, n bigint generated always as identity, twice int generated always as (id * 2) stored, v text)`,
    batches: [
      [`insert into identity (id, v) select g, 'old' from generate_series(1, 40) g`],
      [
        `update identity set n = default where id % 2 = 0; update identity set v = 'new' where id % 3 = 0; update identity set id = id + 100 where id = 6`,
      ],
    ],
  },
  always: {
    there: `create table always (id bigint generated always as identity primary key, v text)`,
    batches: [
      [`insert into always (v) select 'old' from generate_series(1, 40) g`],
      [
        `update always set v = 'new' where id % 2 = 0; update always set id = default where id = 3; delete from always where id = 4`,
      ],
      [`insert into always overriding system value values (3, 'again')`],
    ],
  },
  numbers: {
    there: `create table numbers (n numeric primary key, v text)`,
    batches: [
      [`insert into numbers values (1.0, 'a'), (2, 'b'), (-0.50, 'c'), ('NaN', 'd')`],
      [`update numbers set n = n * 1.00`],
      [
        `update numbers set n = 1 where n = 1; delete from numbers where n = 2.0; insert into numbers values (2.000, 'again')`,
      ],
      // Two spellings change places, by way of a third value.
      [
        `insert into numbers values (5.0, 'x'), (6.00, 'y'); update numbers set n = 7 where n = 5; update numbers set n = 5.00 where n = 6; update numbers set n = 6.0 where n = 7`,
      ],
    ],
  },
  folded: {
    there: `create collation folded (provider = icu, locale = 'und-u-ks-level2', deterministic = false);
      create table folded (name text collate folded primary key, v text)`,
    batches: [
      [`insert into folded values ('Ann', 'a'), ('bob', 'b')`],
      [`update folded set name = upper(name)`],
      [
        `delete from folded where name = 'ann'; insert into folded values ('aNN', 'again'); update folded set name = 'BoB', v = null where name = 'bob'`,
      ],
      // The key in another spelling comes and goes in between.
      [
        `delete from folded where name = 'ann'; insert into folded values ('ANN', 'between')`,
        `delete from folded where name = 'ann'; insert into folded values ('aNN', 'once more')`,
      ],
    ],
  },
  wide: {
    there: `create table wide (a int[], b text, c bytea, v text, primary key (b, a))`,
    batches: [
      [
        `insert into wide select array[g, null], E'\\\\x "(' || g, decode(lpad(to_hex(g), 2, '0'), 'hex'), repeat('v', g * 3000) from generate_series(1, 30) g`,
      ],
      [
        `update wide set v = v || '!', c = null where a[1] % 2 = 0; update wide set a = a || 7 where a[1] = 5; delete from wide where a[1] = 9`,
      ],
    ],
  },
};

describe.each(oneWay('back'))('from %s to %s', (from, to) => {
  let pair: Pair;
  let replay: Daemons | undefined;
  const notes = memoryLog();
  let chunks = 0;
  let staged = 0;

  beforeAll(async () => {
    pair = await createPair(from, to);
    for (const { there, here } of Object.values(corners)) {
      await pair.provider.execute(there);
      await pair.subscriber.execute(here ?? there);
    }
    serve(24 * 1024 * 1024);
    await using mighty = await open({ ...pair.subscriberSettings, user: superuser });
    await subscribeByHand(pair, Object.keys(corners), mighty);
  });

  /** As a role that may keep foreign keys from acting. */
  function serve(memoryBytes: number): void {
    replay = Daemons.replay(
      { ...pair, subscriberSettings: { ...pair.subscriberSettings, user: superuser } },
      {
        memoryBytes,
        log: notes.log,
        onBatch: (replayed) => {
          chunks += replayed.chunks - 1;
          staged += replayed.staged;
        },
      },
    );
  }

  async function play(table: string, { batches }: Corner): Promise<void> {
    await pair.provider.execute(`truncate ${table}`);
    for (const [n, batch] of batches.entries()) {
      for (const transaction of batch) await pair.provider.execute(transaction);
      await reach(pair, await tickNow(pair.provider, pair.name.queue));
      expect(await digest(pair.subscriber, [table]), `batch ${n + 1}`).toBe(
        await digest(pair.provider, [table]),
      );
    }
    // All of it once more, as one batch.
    await pair.provider.execute(`truncate ${table}`);
    for (const transaction of batches.flat()) await pair.provider.execute(transaction);
    await reach(pair, await tickNow(pair.provider, pair.name.queue));
    expect(await digest(pair.subscriber, [table])).toBe(await digest(pair.provider, [table]));
  }

  test.each(Object.entries(corners))('%s', play);

  if (from === 'oldest')
    test('each row a chunk of its own', async () => {
      await replay?.stop();
      chunks = staged = 0;
      serve(2_000);
      for (const [table, corner] of Object.entries(corners)) await play(table, corner);
      console.log(
        `${from} to ${to}: ${chunks} further chunks, ${staged} times a table waited for the end of a batch`,
      );
      expect(chunks).toBeGreaterThan(100);
      expect(staged).toBeGreaterThan(10);
    });

  test('none of them was a fault, or looked like one', async () => {
    await expectNoFaults(pair, { tables: Object.keys(corners).length, notes });
    await replay?.stop();
  });
});
