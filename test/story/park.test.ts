/** P4: a table that cannot go on is parked with its error, the others go on, and `retry` resumes without a copy. */
import { afterEach, beforeEach, expect, test } from 'vitest';
import type { SubscribedTable } from '../../src/londiste/table-state.js';
import { addProviderTables } from '../../src/setup/provider.js';
import { resyncTables } from '../../src/setup/resync.js';
import { addSubscriberTables, listTables, retryTables } from '../../src/setup/subscriber-tables.js';
import { open } from '../support/databases.js';
import { eventually, tickerRuns } from '../support/eventually.js';
import { createPair, Daemons, fingerprint, type Pair } from '../support/pair.js';

let pair: Pair;
let services: Daemons[] = [];

beforeEach(async () => {
  pair = await createPair('oldest', 'newest');
  for (const session of [pair.provider, pair.subscriber]) {
    await session.execute(`create table entry (id int primary key, item text);
      create table other (id int primary key, at timestamptz default clock_timestamp());
      create table third (id int primary key, item text)`);
  }
  await pair.provider.execute(`insert into entry select n, 'old' from generate_series(1, 50) n`);
  services = [Daemons.ticker(pair), Daemons.replay(pair)];
  await addProviderTables(pair.provider, pair.name.queue, ['entry', 'other', 'third']);
  await tickerRuns(pair.provider);
  await addSubscriberTables(pair.ends, ['entry', 'other', 'third']);
  await eventually(states, ['ok', 'ok', 'ok']);
  await eventually(held, null);
});

afterEach(async () => {
  for (const service of services) await service.stop();
});

async function states(): Promise<string[]> {
  return (await listTables(pair.subscriber, pair.name)).map(({ state }) => state);
}

async function entry(): Promise<SubscribedTable | undefined> {
  return (await listTables(pair.subscriber, pair.name))[0];
}

async function held(): Promise<number | null> {
  const { name } = pair;
  return (
    await pair.provider.one<{ tick: number | null }>('select londiste.held_tick($1, $2) as tick', [
      name.queue,
      name.consumer,
    ])
  ).tick;
}

async function equal(): Promise<void> {
  for (const table of ['entry', 'other', 'third'])
    await eventually(() => fingerprint(pair.subscriber, table), await fingerprint(pair.provider, table));
}

/** Lets maintenance rotate as often as it can. */
async function rotate(): Promise<void> {
  const { queue } = pair.name;
  await pair.provider.execute(`select pgq.set_queue_config('${queue}', 'rotation_period', '0')`);
  for (let n = 0; n < 6; n += 1) {
    await pair.provider.execute(`select pgq.force_tick('${queue}')`);
    await pair.provider.execute(`select pgq.ticker('${queue}')`);
    await pair.provider.execute(`select pgq.maint_rotate_tables_step1('${queue}')`);
    await pair.provider.execute('select pgq.maint_rotate_tables_step2()');
  }
}

/** Inserts rows into the other table, one by one, and returns how long each took to arrive, in milliseconds, sorted. */
async function latencies(first: number): Promise<number[]> {
  await using reader = await open(pair.subscriberSettings, 'reader');
  const took: number[] = [];
  for (let id = first; id < first + 10; id += 1) {
    await pair.provider.execute(`insert into entry values (${id}, 'x') on conflict do nothing`);
    await pair.provider.execute(`insert into other values (${id})`);
    const began = Date.now();
    await eventually(
      async () => (await reader.query('select from other where id = $1', [id])).length,
      1,
      5_000,
    );
    took.push(Date.now() - began);
  }
  return took.sort((a, b) => a - b);
}

interface Fault {
  readonly what: string;
  /** Typed on the subscriber; then on the provider. */
  readonly here?: string;
  readonly there: string;
  readonly mend: string;
  /** Whether that is what it says to type. */
  readonly isTold?: true;
  readonly sqlstate?: string;
  readonly error: RegExp;
  readonly key?: RegExp;
}

const faults: Fault[] = [
  {
    what: 'a value that the type of the subscriber refuses',
    here: 'alter table entry alter item type varchar(5)',
    there: `update entry set item = 'too long' where id = 17`,
    mend: 'alter table entry alter item type text',
    sqlstate: '22001',
    error: /refused a value \(SQLSTATE 22001\)/,
  },
  {
    what: 'a check constraint of the subscriber',
    here: `alter table entry add constraint no_bad check (item <> 'bad')`,
    there: `update entry set item = 'bad' where id = 17`,
    mend: 'alter table entry drop constraint no_bad',
    sqlstate: '23514',
    error: /constraint no_bad/,
    key: /\b17\b/,
  },
  {
    what: 'a column that the subscriber does not have',
    there: 'alter table entry add extra int; update entry set extra = 1 where id = 17',
    mend: 'ALTER TABLE public.entry ADD COLUMN "extra" integer',
    isTold: true,
    error: /no column extra on the subscriber/,
  },
  {
    what: 'a trigger of the subscriber that raises',
    here: `create function no() returns trigger language plpgsql as 'begin raise ''not this one''; end';
      create trigger no before update on entry for each row execute function no();
      alter table entry enable always trigger no`,
    there: `update entry set item = 'new' where id = 17`,
    mend: 'drop trigger no on entry',
    sqlstate: 'P0001',
    error: /not this one/,
  },
  {
    what: 'a right that was taken away',
    here: 'revoke insert, update, delete on entry from app',
    there: `update entry set item = 'new' where id = 17`,
    mend: 'grant insert, update, delete on entry to app',
    sqlstate: '42501',
    error: /permission denied for table entry/,
  },
];

test.each(faults)(
  '$what: parked, and mended',
  async ({ here, there, mend, isTold, sqlstate, error, key }) => {
    const before = await latencies(1_000);
    if (here !== undefined) await pair.subscriber.execute(here);
    await pair.provider.execute(there);
    await eventually(states, ['parked', 'ok', 'ok']);
    const parked = await entry();
    expect(parked?.error).toMatch(/^table public\.entry\b/);
    expect(parked?.error).toMatch(error);
    expect(parked?.errorSqlstate).toBe(sqlstate);
    expect(parked?.errorHint).toContain('subscriber retry public.entry');
    if (isTold) expect(parked?.errorHint?.split('\n')).toContain(mend);
    if (key) expect(parked?.errorKey).toMatch(key);
    expect(`${parked?.error} ${parked?.errorHint}`).not.toMatch(/too long|'bad'|\(17/);

    // The others go on as before, whatever happens to the table.
    const during = await latencies(2_000);
    expect(during[5]).toBeLessThan(500 + 3 * (before[5] ?? 0));

    // The provider keeps what the table needs, however hard maintenance tries, through further changes and DDL.
    await pair.provider.execute(`delete from entry where id = 20; insert into entry values (60, 'new')`);
    await rotate();
    expect(await held()).toBe(parked?.tickId);
    await pair.provider.execute(
      `alter table entry add later text; update entry set later = 'l' where id = 21`,
    );
    await rotate();

    await pair.subscriber.execute(`${mend}; alter table entry add later text`);
    await pair.subscriber.execute(`insert into entry (id) values (-1)`);
    await retryTables(pair.ends, ['entry']);
    await eventually(states, ['ok', 'ok', 'ok']);
    await eventually(held, null);
    expect(await entry()).toMatchObject({ error: undefined, errorHint: undefined, errorKey: undefined });
    // A copy would have replaced it.
    expect(await pair.subscriber.execute('delete from entry where id = -1')).toBe(1);
    await equal();
  },
);

test.each([
  ['dropped', '', 'ADD PRIMARY KEY ("id")'],
  [
    'replaced by one over another column',
    '; alter table entry alter id drop not null; alter table entry add own serial primary key',
    'ALTER COLUMN "id" SET NOT NULL, ADD UNIQUE ("id")',
  ],
  [
    'replaced by one over more columns',
    '; alter table entry add primary key (id, item)',
    'ADD UNIQUE ("id")',
  ],
  [
    'replaced by a deferrable one',
    '; alter table entry add primary key (id) deferrable initially deferred',
    'ADD UNIQUE ("id")',
  ],
])('the primary key of the subscriber %s: parked, and mended by what it says', async (_what, here, told) => {
  await pair.subscriber.execute(`update entry set item = 'marked' where id = 40;
    alter table entry drop constraint entry_pkey${here}`);
  await pair.provider
    .execute(`begin; update entry set item = 'new' where id = 17; delete from entry where id = 18;
    update entry set id = -19 where id = 19; insert into other values (1); commit`);
  await eventually(states, ['parked', 'ok', 'ok']);
  await eventually(async () => (await pair.subscriber.query('select from other')).length, 1);
  const alter = `ALTER TABLE public.entry ${told}`;
  expect(await entry()).toMatchObject({
    error: 'table public.entry has no primary key or unique index over ("id") on the subscriber',
    errorHint: `${alter}\nthen: londiste ... subscriber retry public.entry`,
  });
  await pair.provider.execute(
    `update entry set item = 'later' where id = 17; insert into entry values (70, 'later')`,
  );
  await pair.subscriber.execute(alter);
  await retryTables(pair.ends, ['entry']);
  await eventually(states, ['ok', 'ok', 'ok']);
  // A copy would have replaced it.
  expect(await pair.subscriber.execute(`update entry set item = 'old' where item = 'marked'`)).toBe(1);
  const rows = 'select id, item from entry order by id';
  expect(await pair.subscriber.query(rows)).toEqual(await pair.provider.query(rows));
});

test('not mended: parked again where it was; a new copy is the other way out', async () => {
  await pair.subscriber.execute(`alter table entry add constraint no_bad check (item <> 'bad')`);
  await pair.provider.execute(`update entry set item = 'bad' where id = 17`);
  await eventually(states, ['parked', 'ok', 'ok']);
  const first = await entry();
  await pair.provider.execute(`insert into other values (1); update entry set item = 'later' where id = 18`);
  await retryTables(pair.ends, ['entry']);
  await eventually(async () => (await entry())?.since !== first?.since && (await entry())?.state, 'parked');
  expect(await entry()).toMatchObject({ tickId: first?.tickId, errorSqlstate: '23514' });
  expect(await held()).toBe(first?.tickId);
  await rotate();

  await pair.provider.execute(`update entry set item = 'good' where id = 17`);
  await resyncTables(pair.ends, ['entry']);
  await eventually(states, ['ok', 'ok', 'ok']);
  await eventually(held, null);
  await equal();
});

test('mended on the provider: of each row only the last state counts', async () => {
  await pair.subscriber.execute(`alter table entry add constraint no_bad check (item <> 'bad')`);
  await pair.provider.execute(
    `update entry set item = 'bad' where id = 17; insert into entry values (70, 'bad')`,
  );
  await eventually(states, ['parked', 'ok', 'ok']);
  await pair.provider.execute(
    `update entry set item = 'good' where id = 17; delete from entry where id = 70`,
  );
  await retryTables(pair.ends, ['entry']);
  await eventually(states, ['ok', 'ok', 'ok']);
  await equal();
});

test('two tables at once, and one later, go on from where each stands', async () => {
  await pair.subscriber.execute(`alter table entry add constraint no_bad check (item <> 'bad');
    alter table third add constraint no_bad check (item <> 'bad')`);
  await pair.provider
    .execute(`begin; insert into entry values (101, 'bad'); insert into third values (1, 'bad');
    insert into other values (1); commit`);
  await eventually(states, ['parked', 'ok', 'parked']);
  await eventually(async () => (await pair.subscriber.query('select from other')).length, 1);
  await pair.subscriber.execute('alter table third drop constraint no_bad');
  await retryTables(pair.ends, ['third']);
  await eventually(states, ['parked', 'ok', 'ok']);
  await pair.subscriber.execute(`alter table third add constraint no_worse check (item <> 'worse')`);
  await pair.provider.execute(`update third set item = 'worse'`);
  await eventually(states, ['parked', 'ok', 'parked']);
  await rotate();
  expect(await held()).toBe((await entry())?.tickId);
  await pair.subscriber.execute(
    `alter table third drop constraint no_worse; alter table entry drop constraint no_bad`,
  );
  await retryTables(pair.ends, []);
  await eventually(states, ['ok', 'ok', 'ok']);
  await eventually(held, null);
  await equal();
});

test('a table that is not there any more has nothing to go on from: it is copied', async () => {
  await pair.subscriber.execute('drop table entry');
  await pair.provider.execute(`update entry set item = 'new' where id = 17`);
  await eventually(states, ['parked', 'ok', 'ok']);
  expect(await entry()).toMatchObject({ tickId: undefined, snapshot: undefined });
  expect((await entry())?.error).toContain('does not exist on the subscriber');
  await pair.subscriber.execute('create table entry (id int primary key, item text)');
  await retryTables(pair.ends, ['entry']);
  await eventually(states, ['ok', 'ok', 'ok']);
  await equal();
});

test.each([
  ['a server that is read-only for a while', '25006'],
  ['a serialization failure', '40001'],
  ['a full disk', '53100'],
  ['a statement that was cancelled', '57014'],
])('%s parks nothing: it is tried again until it passes', async (_what, sqlstate) => {
  await pair.subscriber.execute(`create function no() returns trigger language plpgsql as
      'begin raise ''not now'' using errcode = ''${sqlstate}''; end';
    create trigger no before update on entry for each row execute function no();
    alter table entry enable always trigger no`);
  await pair.provider.execute(`update entry set item = 'new' where id = 17`);
  await eventually(async () => (await entry())?.errorSqlstate, sqlstate);
  expect(await states()).toEqual(['ok', 'ok', 'ok']);
  await pair.subscriber.execute('drop trigger no on entry');
  await equal();
  expect(await states()).toEqual(['ok', 'ok', 'ok']);
  // What has passed is not shown any more.
  await eventually(async () => (await entry())?.error, undefined, 5_000);
});
