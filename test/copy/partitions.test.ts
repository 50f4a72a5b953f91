/** Copies into partitioned tables: what hangs on the whole and on its partitions is taken off, and is as before in the end. */
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { arm, disarmAll, type Moment } from '../../src/kernel/tap.js';
import { addProviderTables } from '../../src/setup/provider.js';
import { resyncTables } from '../../src/setup/resync.js';
import { addSubscriberTables, listTables, retryTables } from '../../src/setup/subscriber-tables.js';
import { asSuperuser, createDatabase, open } from '../support/databases.js';
import { definitionsOf } from '../support/definitions.js';
import { eventually, tickerRuns } from '../support/eventually.js';
import { createPair, Daemons, fingerprint, type Pair } from '../support/pair.js';

let pair: Pair;
let replay: Daemons | undefined;
let ticker: Daemons | undefined;
let definitions: string[];

const there =
  'create table entry (id int, region int, code text not null, at int not null, note text, primary key (region, id))';

beforeAll(async () => {
  await onSubscribers('grant set on parameter session_replication_role to app');
});

afterAll(async () => {
  await onSubscribers('revoke set on parameter session_replication_role from app');
});

/** Only there a superuser can let others do it. */
async function onSubscribers(statement: string): Promise<void> {
  const { port } = await createDatabase('newest');
  await asSuperuser(port, (admin) => admin.execute(statement));
}

/** By list, below it by range and by hash, one from before with another order of columns, one in another schema. */
const tree = `
  create table entry (id int, region int, code text not null, at int not null, note text default 'none' constraint noted check (note <> 'no'),
    constraint "the key" primary key (region, id) with (fillfactor = 80),
    constraint entry_code_key unique (region, id, code) deferrable initially deferred) partition by list (region);
  create schema "Far Side";
  create table entry_1 (note text default 'none' constraint noted check (note <> 'no'), at int not null, code text not null, region int, id int,
    constraint entry_1_first primary key (region, id));
  create index entry_1_lower_before on entry_1 (lower(code), (at + id)) with (fillfactor = 55);
  comment on index entry_1_lower_before is 'was there before';
  alter table entry attach partition entry_1 for values in (1);
  create table entry_2 partition of entry for values in (2) partition by range (id);
  create table entry_2a partition of entry_2 for values from (0) to (5000);
  create table entry_2b partition of entry_2 for values from (5000) to (1000000);
  create table "Far Side"."Entry 3" partition of entry for values in (3) partition by hash (id);
  create table "Far Side"."3 a" partition of "Far Side"."Entry 3" for values with (modulus 2, remainder 0);
  create table "Far Side"."3 b" partition of "Far Side"."Entry 3" for values with (modulus 2, remainder 1);
  create table entry_empty partition of entry for values in (4) partition by range (id);
  create table entry_rest partition of entry default;
  create index "entry at" on entry (at desc, id) include (code) with (fillfactor = 60) where at > 5;
  create index entry_lower on entry (lower(code), (at + id));
  create unique index entry_both on entry (at, region, id);
  create unique index entry_marked on entry (id, region);
  alter table entry_2b replica identity using index entry_2b_id_region_idx;
  create index entry_1_own on entry_1 (note);
  create index entry_2a_twin on entry_2a (at desc, id) include (code) with (fillfactor = 60) where at > 5;
  create unique index entry_2_own on entry_2 (id);
  alter index entry_lower alter column 1 set statistics 77;
  alter index entry_1_lower_before alter column 2 set statistics 33;
  comment on index entry_lower is 'it''s lower';
  comment on constraint entry_code_key on entry is 'the code';
  create function nothing() returns trigger language plpgsql as 'begin return null; end';
  create trigger tr after insert on entry for each row execute function nothing();
  alter table entry disable trigger tr`;

afterEach(async () => {
  disarmAll();
  await replay?.stop();
  await ticker?.stop();
});

async function begin(provider: 'oldest' | 'newest', more = ''): Promise<void> {
  pair = await createPair(provider, provider === 'oldest' ? 'newest' : 'oldest');
  await pair.provider.execute(
    `${there}; insert into entry select n, 1 + n % 5, 'code ' || n, n % 1000, repeat('x', 50) from generate_series(1, 12000) n`,
  );
  await pair.subscriber.execute(`${tree}; ${more}`);
  definitions = await definitionsOf(pair.subscriber, 'entry');
  ticker = Daemons.ticker(pair);
  await addProviderTables(pair.provider, pair.name.queue, ['entry']);
  await tickerRuns(pair.provider);
}

/** The subscriber has no partition for regions of 4. */
async function fit(): Promise<void> {
  await pair.provider.execute('update entry set region = 9 where region = 4');
}

async function stateOf(): Promise<string | undefined> {
  const [table] = await listTables(pair.subscriber, pair.name);
  return table?.error ?? table?.state;
}

async function equal(): Promise<void> {
  await eventually(async () => (await listTables(pair.subscriber, pair.name))[0]?.state, 'ok', 60_000);
  const sum = 'select id, region, code, at, note from entry';
  await eventually(
    () => fingerprint(pair.subscriber, `(${sum})`),
    await fingerprint(pair.provider, `(${sum})`),
  );
  expect(await definitionsOf(pair.subscriber, 'entry')).toEqual(definitions);
  expect(await pair.subscriber.query('select from londiste.stored_definition where is_dropped')).toEqual([]);
}

async function indexes(): Promise<string[]> {
  await using session = await open(pair.subscriberSettings);
  return (await definitionsOf(session, 'entry')).filter((line) => line.startsWith('index'));
}

const inRanges = { copyRangeBytes: 64 * 1024, copyConnections: 3 };
const inOnePiece = { copyRangeBytes: 4 * 1024 * 1024 };

describe.each(['oldest', 'newest'] as const)('provider %s', (provider) => {
  test.each([
    ['in ranges', inRanges, 'copy.range-landed'],
    ['in one piece', inOnePiece, 'copy.indexes-off'],
  ] as const)('%s: all but what is marked goes, and comes back', async (_, options, moment) => {
    await begin(provider);
    await fit();
    let during: string[] | undefined;
    arm(moment, async () => {
      disarmAll();
      during = [];
      // In one piece nobody else sees it: then the table is locked.
      if (options === inRanges) during = await indexes();
    });
    replay = Daemons.replay(pair, options);
    await addSubscriberTables(pair.ends, ['entry']);
    await equal();
    expect(during).toBeDefined();
    if (options === inRanges) {
      const left = (during ?? []).map((line) => line.split(' | ')[1] ?? '');
      expect(left).toHaveLength(10);
      expect(left.every((name) => name.includes('id_region') || name === 'entry_marked')).toBe(true);
    }
    await pair.provider.execute(`update entry set at = at + 1 where id % 3 = 0`);
    await resyncTables(pair.ends, ['entry']);
    await equal();
  });
});

test('a key that foreign keys reference stays, and so does what a partition of theirs needs', async () => {
  await begin(
    'oldest',
    `create table child (a int, b int, foreign key (a, b) references entry (region, id));
     create table of_part (a int, b int, foreign key (a, b) references entry_2a (id, region));
     create table town (id int primary key); alter table entry add town int references town`,
  );
  await fit();
  let during: string[] = [];
  arm('copy.range-landed', async () => {
    disarmAll();
    during = await indexes();
  });
  replay = Daemons.replay(pair, inRanges);
  await addSubscriberTables(pair.ends, ['entry']);
  await equal();
  // The keys of ten tables, and what is marked.
  expect(during.filter((line) => line.includes('UNIQUE'))).toHaveLength(20);
  expect(during).toHaveLength(20);
});

/** Ends the copier's connections to the subscriber. */
async function cut(): Promise<void> {
  await using session = await open(pair.subscriberSettings);
  await session.query(
    `select pg_terminate_backend(pid) from pg_stat_activity
      where datname = current_database() and application_name like 'londiste % copy%'`,
  );
}

describe('cut off', () => {
  beforeEach(async () => {
    await begin('newest');
    await fit();
  });

  test.each([
    ['copy.range-landed', inRanges, [2, 7]],
    ['copy.landed', inRanges, [1]],
    ['copy.index-built', inRanges, [1, 4, 12, 30]],
    ['copy.definition-built', inRanges, [1, 5, 20, 50]],
    ['copy.indexes-off', inOnePiece, [1]],
    ['copy.rows-landed-not-committed', inOnePiece, [1]],
  ] as const)('at %s', { timeout: 120_000 }, async (moment: Moment, options, visits) => {
    let visit = 0;
    let cuts = 0;
    arm(moment, async () => {
      visit += 1;
      if (!(visits as readonly number[]).includes(visit)) return;
      cuts += 1;
      await using session = await open(pair.providerSettings);
      await session.execute(`update entry set note = note || 'y' where id % 7 = ${visit % 7}`);
      await cut();
    });
    replay = Daemons.replay(pair, options);
    await addSubscriberTables(pair.ends, ['entry']);
    await eventually(() => cuts, visits.length, 60_000);
    await equal();
  });
});

test(
  'a copy that begins anew while what the last one took off is half built',
  { timeout: 120_000 },
  async () => {
    await begin('newest');
    await fit();
    replay = Daemons.replay(pair, inRanges);
    await addSubscriberTables(pair.ends, ['entry']);
    for (const [moment, at] of [
      ['copy.index-built', 5],
      ['copy.definition-built', 12],
      ['copy.definition-built', 40],
    ] as const) {
      let visit = 0;
      arm(moment, async () => {
        visit += 1;
        if (visit !== at) return;
        await using session = await open(pair.subscriberSettings);
        await resyncTables({ ...pair.ends, subscriber: session }, ['entry']);
      });
      await eventually(() => visit >= at, true, 60_000);
      disarmAll();
    }
    await equal();
  },
);

test('partitions that come and go while indexes are missing', { timeout: 120_000 }, async () => {
  await begin('newest');
  await fit();
  let done = false;
  arm('copy.landed', async () => {
    if (done) return;
    done = true;
    await using session = await open(pair.subscriberSettings);
    await session.execute(
      `create table entry_7 partition of entry for values in (7);
       create table entry_8 (id int, region int, code text not null, at int not null, note text default 'none' constraint noted check (note <> 'no'), primary key (region, id));
       alter table entry attach partition entry_8 for values in (8);
       create table entry_4a partition of entry_empty for values from (0) to (10);
       alter table entry detach partition entry_rest; drop table "Far Side"."3 a"`,
    );
  });
  replay = Daemons.replay(pair, inRanges);
  await addSubscriberTables(pair.ends, ['entry']);
  await eventually(stateOf, 'ok', 60_000);
  expect(done).toBe(true);
  const now = (await definitionsOf(pair.subscriber, 'entry')).filter((line) => line.startsWith('index'));
  const { invalid } = await pair.subscriber.one<{ invalid: string[] | null }>(
    `select array_agg(i.indexrelid::regclass::text) as invalid from pg_index i
      where not i.indisvalid and i.indrelid in (select relid from pg_partition_tree('entry'))`,
  );
  expect(invalid).toBe(null);
  for (const partition of ['entry_7', 'entry_8', 'entry_4a'])
    expect(now.filter((line) => line.includes(` ON public.${partition} `))).toHaveLength(6);
  // What it had before goes with it.
  const detached = await definitionsOf(pair.subscriber, 'entry_rest');
  expect(detached.filter((line) => line.startsWith('index'))).toHaveLength(6);
});

test('a parked copy gives everything back once it is mended', { timeout: 120_000 }, async () => {
  await begin('oldest');
  replay = Daemons.replay(pair, inRanges);
  await addSubscriberTables(pair.ends, ['entry']);
  await eventually(async () => (await listTables(pair.subscriber, pair.name))[0]?.state, 'parked', 60_000);
  expect(await stateOf()).toContain('refused a value (SQLSTATE 23514)');
  await fit();
  await retryTables(pair.ends, ['entry']);
  await equal();
});
