/** Large tables: copied in ranges over several connections, without their indexes, which are as before in the end. */
import { afterEach, beforeEach, expect, test } from 'vitest';
import { arm, disarmAll } from '../../src/kernel/tap.js';
import type { CaptureOptions } from '../../src/londiste/provider.js';
import { addProviderTables } from '../../src/setup/provider.js';
import { resyncTables } from '../../src/setup/resync.js';
import { addSubscriberTables, listTables } from '../../src/setup/subscriber-tables.js';
import { asSuperuser } from '../support/databases.js';
import { definitionsOf } from '../support/definitions.js';
import { eventually, tickerRuns } from '../support/eventually.js';
import { createPair, Daemons, fingerprint, type Pair, type ReplayOptions } from '../support/pair.js';

let pair: Pair;
let replay: Daemons | undefined;
let ticker: Daemons | undefined;

beforeEach(async () => {
  pair = await createPair('oldest', 'newest');
  await asSuperuser(pair.subscriberSettings.port, (admin) =>
    admin.execute('grant set on parameter session_replication_role to app'),
  );
});

afterEach(async () => {
  disarmAll();
  await replay?.stop();
  await ticker?.stop();
  await asSuperuser(pair.subscriberSettings.port, (admin) =>
    admin.execute('revoke set on parameter session_replication_role from app'),
  );
});

/** Both sides get the table; the set gets it, and replay runs. */
async function start(
  tables: readonly string[],
  {
    there,
    here = there,
    rows,
    capture = {},
  }: { there: string; here?: string; rows: string; capture?: CaptureOptions },
  options: ReplayOptions = {},
): Promise<void> {
  await pair.provider.execute(there);
  await pair.subscriber.execute(here);
  await pair.provider.execute(rows);
  ticker = Daemons.ticker(pair);
  replay = Daemons.replay(pair, { copyRangeBytes: 64 * 1024, ...options });
  await addProviderTables(pair.provider, pair.name.queue, tables, capture);
  await tickerRuns(pair.provider);
}

async function states(): Promise<(string | undefined)[]> {
  return (await listTables(pair.subscriber, pair.name)).map(({ state, error }) => error ?? state);
}

async function ranges(): Promise<{ count: number; snapshots: number; relations: number }> {
  return pair.subscriber.one(
    `select count(*)::int as count, count(distinct snapshot::text)::int as snapshots, count(distinct relation)::int as relations
       from londiste.copy_range where state = 'done'`,
  );
}

async function equal(table: string, to = table): Promise<void> {
  await eventually(() => fingerprint(pair.subscriber, to), await fingerprint(pair.provider, table));
}

const decorated = `
  create table entry (id int, code text not null, at int not null, span int4range, note text default 'none' check (note <> 'no'),
    constraint entry_pkey primary key (id) with (fillfactor = 80),
    constraint entry_code_key unique (code) deferrable initially deferred,
    constraint entry_span exclude using gist (span with &&) with (fillfactor = 70));
  create index entry_at on entry (at desc, id) include (code) with (fillfactor = 60) where at > 5;
  create index entry_lower on entry (lower(code), (at + id));
  create unique index entry_both on entry (at, id);
  create index entry_lower_at on entry (at);
  create index entry_hash on entry using hash (code);
  alter index entry_lower alter column 1 set statistics 77;
  comment on index entry_lower is 'it''s lower';
  comment on constraint entry_code_key on entry is 'the code';
  create table child (id int primary key, entry_id int references entry, other int references entry (id));
  create function nothing() returns trigger language plpgsql as 'begin return null; end';
  create trigger tr after insert on entry for each row execute function nothing()`;
const rowsOfDecorated = `insert into entry select n, 'code ' || n, n % 1000, int4range(n * 10, n * 10 + 5), repeat('x', 50) from generate_series(1, 20000) n`;

test('what hung on the table is as it was, whatever of it could be dropped', async () => {
  await start(
    ['entry'],
    {
      there:
        'create table entry (id int primary key, code text not null, at int not null, span int4range, note text)',
      here: `${decorated}; alter table entry replica identity using index entry_both; alter table entry cluster on entry_lower_at`,
      rows: rowsOfDecorated,
    },
    { copyConnections: 3 },
  );
  const before = await definitionsOf(pair.subscriber, 'entry');
  let dropped: string[] = [];
  arm('copy.range-landed', async () => {
    disarmAll();
    const rows = await pair.subscriber.query<{ name: string }>(
      'select name from londiste.stored_definition where is_dropped order by 1',
    );
    dropped = rows.map(({ name }) => name);
  });
  await addSubscriberTables(pair.ends, ['entry']);
  await eventually(states, ['ok'], 40_000);
  await equal('entry');
  // Foreign keys need the primary key; the rest is marked.
  expect(dropped).toEqual(['entry_at', 'entry_code_key', 'entry_hash', 'entry_lower', 'entry_span']);
  expect(await definitionsOf(pair.subscriber, 'entry')).toEqual(before);
  expect(await pair.subscriber.query('select from londiste.stored_definition where is_dropped')).toEqual([]);
  const landed = await ranges();
  console.log(`ranges: ${JSON.stringify(landed)}`);
  expect(landed.count).toBeGreaterThan(20);
  expect(landed.snapshots).toBe(1);
});

test('a primary key that nothing depends on is dropped and is there again', async () => {
  await start(['entry'], {
    there: `create table entry (id int, name text, constraint named primary key (id) include (name)); comment on constraint named on entry is 'key'`,
    rows: `insert into entry select n, 'name ' || n from generate_series(1, 10000) n`,
  });
  const before = await definitionsOf(pair.subscriber, 'entry');
  let during: string[] = [];
  arm('copy.range-landed', async () => {
    disarmAll();
    during = await definitionsOf(pair.subscriber, 'entry');
  });
  await addSubscriberTables(pair.ends, ['entry']);
  await eventually(states, ['ok']);
  await equal('entry');
  expect(during.filter((line) => line.startsWith('index'))).toEqual([]);
  expect(await definitionsOf(pair.subscriber, 'entry')).toEqual(before);
});

test('partitioned tables: each partition in ranges, into a partitioned table or not', async () => {
  const parts = (name: string): string =>
    `create table ${name} (id int, part int, note text, primary key (part, id)) partition by list (part);
     create table ${name}_1 (note text, id int not null, part int not null);
     alter table ${name} attach partition ${name}_1 for values in (1);
     create table ${name}_2 partition of ${name} for values in (2) partition by range (id);
     create table ${name}_2a partition of ${name}_2 for values from (0) to (5000);
     create table ${name}_2b partition of ${name}_2 for values from (5000) to (1000000);
     create table ${name}_3 partition of ${name} for values in (3);`;
  const fill = (name: string): string =>
    `insert into ${name} select n, 1 + n % 2, 'note ' || n from generate_series(1, 12000) n;`;
  await start(['parted', 'twin'], {
    there: parts('parted') + parts('twin'),
    here: `create table parted (id int, part int, note text, primary key (part, id)); create index on parted (note);
      ${parts('twin')} create index on twin (note)`,
    rows: fill('parted') + fill('twin'),
  });
  await addSubscriberTables(pair.ends, ['parted', 'twin']);
  await eventually(states, ['ok', 'ok']);
  await equal('parted');
  await equal('twin');
  // A file each of four partitions, two tables.
  expect((await ranges()).relations).toBe(8);
});

test('rows and columns that are left out, names that differ, keys that are generated', async () => {
  await start(['entry'], {
    there: `create table entry (id int generated always as identity primary key, region int, note text, twice int generated always as (region * 2) stored)`,
    here: `create schema archive; create table archive."Entry" (id int generated always as identity primary key, area int, twice int, own text default 'mine');
        create unique index on archive."Entry" (area, id)`,
    rows: `insert into entry (region, note) select n % 10, repeat('y', 100) from generate_series(1, 20000) n`,
    capture: { where: 'region < 5 or region = 7' },
  });
  await pair.provider.query(`select londiste.provider_remove_table('q', 'public.entry')`);
  await addProviderTables(pair.provider, pair.name.queue, ['entry'], {
    where: 'region < 5 or region = 7',
  });
  await addSubscriberTables(pair.ends, ['entry'], {
    destTable: 'archive."Entry"',
    columns: 'id,region=area,twice',
  });
  await eventually(states, ['ok']);
  const there = await pair.provider.query(
    'select id, region as area, twice from entry where region < 5 or region = 7 order by id',
  );
  expect(there.length).toBe(12_000);
  expect(
    await pair.subscriber.query(
      'select id, area, twice from archive."Entry" where own = \'mine\' order by id',
    ),
  ).toEqual(there);
});

test('a table without a key, and one that is empty again', async () => {
  await start(['bag'], {
    there: 'create table bag (item text)',
    here: 'create table bag (item text); create index on bag (item)',
    rows: `insert into bag select 'item ' || n % 100 from generate_series(1, 20000) n`,
    capture: { identity: 'full' },
  });
  await addSubscriberTables(pair.ends, ['bag']);
  await eventually(states, ['ok']);
  await equal('bag');
  expect((await ranges()).count).toBeGreaterThan(5);
  await pair.provider.execute('truncate bag');
  await resyncTables(pair.ends, ['bag']);
  await eventually(states, ['ok']);
  await equal('bag');
  // In one piece.
  expect((await ranges()).relations).toBe(0);
});
