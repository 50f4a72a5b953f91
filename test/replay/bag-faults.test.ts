/** Tables without a key that are not as the events say, and events that cannot be applied to one. */
import { afterEach, beforeEach, expect, test } from 'vitest';
import { resyncTables } from '../../src/setup/resync.js';
import { listTables } from '../../src/setup/subscriber-tables.js';
import type { SubscribedTable } from '../../src/londiste/table-state.js';
import { superuser } from '../../src/embedded/server.js';
import { open } from '../support/databases.js';
import { addFullRow } from '../support/full-row.js';
import { digest, followByHand, reach, tickNow } from '../support/hand-ticks.js';
import { createPair, Daemons, type Pair } from '../support/pair.js';
import { memoryLog } from '../ticker/memory-log.js';

let pair: Pair;
let replay: Daemons | undefined;
let notes: ReturnType<typeof memoryLog>;

beforeEach(async () => {
  pair = await createPair('newest', 'oldest');
  for (const session of [pair.provider, pair.subscriber])
    await session.execute('create table bag (a int, v text); create table other (a int, v text)');
  for (const table of ['bag', 'other']) await addFullRow(pair.provider, pair.name.queue, table);
  await pair.provider.execute(`insert into bag select 1, 'twin' from generate_series(1, 6)`);
  notes = memoryLog();
  serve();
  await followByHand(pair, ['bag', 'other']);
});

afterEach(async () => {
  await replay?.stop();
});

function serve(memoryBytes = 24 * 1024 * 1024): void {
  replay = Daemons.replay(pair, { memoryBytes, log: notes.log });
}

async function batch(...transactions: readonly string[]): Promise<void> {
  for (const transaction of transactions) await pair.provider.execute(transaction);
  await reach(pair, await tickNow(pair.provider, pair.name.queue));
}

async function table(): Promise<SubscribedTable | undefined> {
  return (await listTables(pair.subscriber, pair.name)).find(({ name }) => name === 'public.bag');
}

function warnings(): string[] {
  return notes.lines.filter((line) => /^(warn|error)/.test(line));
}

async function equal(): Promise<void> {
  expect(await digest(pair.subscriber, ['bag', 'other'])).toBe(await digest(pair.provider, ['bag', 'other']));
}

async function insertEvent(
  type: string,
  data: string | null,
  {
    flags = null,
    layout = true,
    name = 'public.bag',
  }: { flags?: string | null; layout?: boolean; name?: string } = {},
): Promise<void> {
  await pair.provider.query(
    `select pgq.insert_event($1, $2, $3, $4, (select layout_id from londiste.provider_table where table_name = $4 and $5), $6, null)`,
    [pair.name.queue, type, data, name, layout, flags],
  );
}

/** Copies until the table streams again. */
async function resync(): Promise<void> {
  await resyncTables(pair.ends, ['bag']);
  for (const end = Date.now() + 20_000; Date.now() < end && (await table())?.state !== 'ok';) {
    await tickNow(pair.provider, pair.name.queue);
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
  expect((await table())?.state).toBe('ok');
}

const oneTwin = 'delete from bag where ctid = (select min(ctid) from bag)';

test.each([
  ['in one chunk', 24 * 1024 * 1024],
  ['each row a chunk', 2_000],
] as const)('rows that are to go and are not there are counted and told, %s', async (_, memoryBytes) => {
  await replay?.stop();
  serve(memoryBytes);
  await pair.subscriber.execute(`delete from bag where ctid in (select ctid from bag limit 4)`);
  // There are two; three are to go.
  await batch(
    `insert into bag values (2, 'new')`,
    oneTwin,
    oneTwin,
    oneTwin,
    `insert into other values (1, 'o')`,
  );
  expect(warnings()).toEqual([
    expect.stringContaining(
      'public.bag was not what the provider took it for: 1 rows were missing, 0 were there already',
    ),
  ]);
  expect(await digest(pair.subscriber, [`(select * from bag where a = 1)`])).toContain(' 0 ');
  // What a TRUNCATE takes after them is missed by nobody.
  await batch(
    `update bag set v = v || '!' where a = 1`,
    'truncate bag',
    `insert into bag values (3, 'after')`,
  );
  expect(warnings().length).toBe(1);
  await equal();
});

test.each([
  [
    'UPDATE on public.bag, which is captured with --insert-only',
    /cannot be applied \(no-image\): UPDATE on public\.bag, which is/,
  ],
  [null, /table public\.bag cannot be applied \(no-image\)$/],
  ['', /table public\.bag cannot be applied \(no-image\)$/],
  [
    `two\nlines, a \\backslash, ${'ä'.repeat(5_000)}`,
    /\(no-image\): two lines, a \\backslash, ä{100,280}...$/,
  ],
])(
  'what was not carried parks the table with the reason, and a copy heals it: %.40s',
  async (reason, says) => {
    await pair.provider.execute(`insert into bag values (5, 'not captured, as good as')`);
    await insertEvent('no-image', reason, { layout: reason !== null });
    await batch(`insert into other values (1, 'goes on')`);
    expect(await table()).toMatchObject({
      state: 'parked',
      error: expect.stringMatching(says) as string,
      errorHint: expect.stringContaining('subscriber resync public.bag') as string,
    });
    expect((await table())?.error?.length).toBeLessThan(400);
    await batch(`insert into bag values (6, 'while parked')`);
    await resync();
    await batch(oneTwin, `insert into bag values (7, 'after')`);
    expect(await table()).toMatchObject({ state: 'ok', error: undefined });
    await equal();
  },
);

test.each([
  ['gone', '(1,twin)', null, /cannot be applied \(gone\)/],
  ['row:I', '(1,"x', null, /readable/],
  ['row:I', '(1)', null, /./],
  ['gone', '(one,x)', 'old-row', /22P02/],
  ['row:I', '(99999999999,x)', null, /22003/],
] as const)('an event that is none of ours parks the table: %s %s', async (type, data, flags, says) => {
  await insertEvent(type, data, { flags });
  await batch(`insert into other values (1, 'goes on')`, `insert into bag values (2, 'x')`);
  const { state, error, errorSqlstate, errorHint } = (await table()) ?? {};
  expect(state).toBe('parked');
  expect(`${error} ${errorSqlstate}`).toMatch(says);
  expect(errorHint).toMatch(/subscriber (retry|resync)/);
  expect(await digest(pair.subscriber, ['other'])).toBe(await digest(pair.provider, ['other']));
  await resync();
  await equal();
});

test('a row that is refused is told, and the table goes on once it is mended', async () => {
  await pair.subscriber.execute('alter table bag add constraint small check (a < 1000)');
  await batch(`insert into bag select g, 'v' from generate_series(990, 1000) g`);
  expect(await table()).toMatchObject({ state: 'parked', errorSqlstate: '23514', errorKey: '(1000,v)' });
  await pair.subscriber.execute('alter table bag drop constraint small');
  await pair.provider.execute('delete from bag where a = 995');
  await pair.subscriber.query(`select londiste.subscriber_retry_table($1, $2, 'public.bag')`, [
    pair.name.queue,
    pair.name.consumer,
  ]);
  for (const end = Date.now() + 20_000; Date.now() < end && (await table())?.state !== 'ok';) {
    await tickNow(pair.provider, pair.name.queue);
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
  expect((await table())?.state).toBe('ok');
  await batch(oneTwin);
  await equal();
});

test('a trigger that holds rows off is a fault, not a row that is missing', async () => {
  await using mighty = await open({ ...pair.subscriberSettings, user: superuser });
  await mighty.execute(`create function stay() returns trigger language plpgsql as 'begin return null; end';
    create trigger stay before delete on bag for each row execute function stay(); alter table bag enable always trigger stay`);
  await batch(oneTwin);
  expect(await table()).toMatchObject({
    state: 'parked',
    error: expect.stringContaining('1 rows could not be written or deleted') as string,
  });
});

test.each([
  ['in one chunk', 24 * 1024 * 1024],
  ['each row a chunk', 2_000],
] as const)('columns that come and go, within a batch, %s', async (_, memoryBytes) => {
  const alter = async (ddl: string): Promise<void> => {
    await pair.provider.execute(ddl);
    await addFullRow(pair.provider, pair.name.queue, 'bag');
  };
  await replay?.stop();
  serve(memoryBytes);
  await pair.subscriber.execute('alter table bag add n numeric(6,2) default 5');
  await pair.provider.execute(`insert into bag values (2, 'before')`);
  await pair.provider.execute(oneTwin);
  await alter('alter table bag add n numeric(6,2) default 5');
  // The same to whoever looks at the first two columns only.
  await pair.provider.execute(`insert into bag values (1, 'twin', 7), (1, 'twin', 7)`);
  await pair.provider.execute('delete from bag where ctid = (select max(ctid) from bag where n = 5)');
  await alter('alter table bag alter n type numeric(8,4)');
  await pair.provider.execute('delete from bag where ctid = (select max(ctid) from bag where n = 7)');
  await pair.provider.execute(
    `update bag set v = 'turned' where ctid = (select max(ctid) from bag where n = 5)`,
  );
  await batch(`insert into bag values (3, 'x', 1.5)`);
  expect(warnings()).toEqual([]);
  await pair.subscriber.execute('alter table bag alter n type numeric(8,4)');
  await equal();
});

test('a table that loses its key in the set is copied, and goes on as a multiset', async () => {
  const add = async (name: string): Promise<void> => {
    await pair.provider.query('select londiste.provider_add_table($1, $2)', [pair.name.queue, name]);
  };
  for (const session of [pair.provider, pair.subscriber])
    await session.execute('create table turns (id int primary key, v text)');
  await add('public.turns');
  await followByHand({ ...pair, ends: pair.ends }, ['turns']);
  await batch(`insert into turns values (1, 'a')`, `insert into turns values (2, 'b')`);
  await pair.provider.query('select londiste.provider_remove_table($1, $2)', [
    pair.name.queue,
    'public.turns',
  ]);
  await pair.provider.execute('alter table turns drop constraint turns_pkey');
  await pair.subscriber.execute('alter table turns drop constraint turns_pkey');
  await addFullRow(pair.provider, pair.name.queue, 'turns');
  await pair.provider.execute(`insert into turns values (1, 'a'), (1, 'a')`);
  const turned = async (): Promise<string | undefined> =>
    (await listTables(pair.subscriber, pair.name)).find(({ name }) => name === 'public.turns')?.state;
  for (const end = Date.now() + 20_000; Date.now() < end;) {
    await tickNow(pair.provider, pair.name.queue);
    await new Promise((resolve) => setTimeout(resolve, 20));
    if (
      (await digest(pair.subscriber, ['turns'])) === (await digest(pair.provider, ['turns'])) &&
      (await turned()) === 'ok'
    )
      break;
  }
  await batch(
    `insert into turns values (1, 'a'); delete from turns where ctid = (select min(ctid) from turns)`,
  );
  await batch(
    `insert into turns values (1, 'a'), (1, 'a')`,
    `update turns set v = 'z' where ctid = (select min(ctid) from turns)`,
  );
  expect(await turned()).toBe('ok');
  expect(await digest(pair.subscriber, ['turns'])).toBe(await digest(pair.provider, ['turns']));
});
