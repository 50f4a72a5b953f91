/** Copies that cannot succeed: their table parks with the reason, the others come through, and what was there is not lost. */
import { afterEach, beforeEach, expect, test } from 'vitest';
import { arm, disarmAll } from '../../src/kernel/tap.js';
import { addProviderTables } from '../../src/setup/provider.js';
import { addSubscriberTables, listTables, retryTables } from '../../src/setup/subscriber-tables.js';
import { asSuperuser, open } from '../support/databases.js';
import { definitionsOf } from '../support/definitions.js';
import { eventually, tickerRuns } from '../support/eventually.js';
import { createPair, Daemons, fingerprint, type Pair } from '../support/pair.js';

let pair: Pair;
let replay: Daemons | undefined;
let ticker: Daemons | undefined;

beforeEach(async () => {
  pair = await createPair('oldest', 'newest');
  ticker = Daemons.ticker(pair);
  await tickerRuns(pair.provider);
});

afterEach(async () => {
  disarmAll();
  await replay?.stop();
  await ticker?.stop();
});

function serve(): void {
  replay = Daemons.replay(pair, { copyRangeBytes: 64 * 1024 });
}

/** Tables of 6,000 rows, more than a range each, in the set; the same on the subscriber. */
async function create(...names: string[]): Promise<void> {
  for (const name of names) {
    const table = `create table ${name} (id int primary key, item text); create index on ${name} (item)`;
    await pair.provider.execute(table);
    await pair.subscriber.execute(table);
    await pair.provider.execute(
      `insert into ${name} select n, repeat('x', 80) || n from generate_series(1, 6000) n`,
    );
  }
  await addProviderTables(pair.provider, pair.name.queue, names);
}

async function shown(): Promise<Record<string, string>> {
  const tables = await listTables(pair.subscriber, pair.name);
  return Object.fromEntries(tables.map(({ name, state }) => [name.replace('public.', ''), state]));
}

async function errorOf(name: string): Promise<{ error: string | undefined; hint: string | undefined }> {
  const found = (await listTables(pair.subscriber, pair.name)).find(
    (table) => table.name === `public.${name}`,
  );
  return { error: found?.error, hint: found?.errorHint };
}

async function equal(name: string): Promise<void> {
  await eventually(() => fingerprint(pair.subscriber, name), await fingerprint(pair.provider, name));
}

test('a check constraint, a unique index, a type: each parks its table alone, and retry goes on', async () => {
  await create('good', 'checked', 'doubled', 'typed', 'other');
  await pair.subscriber.execute(`alter table checked add constraint low check (id < 5990);
    create unique index doubled_half on doubled ((id / 2))`);
  await pair.provider.execute(`alter table typed add mood text`);
  await pair.subscriber.execute(`create type mood as enum ('good'); alter table typed add mood mood`);
  await pair.provider.execute(`update typed set mood = case when id = 5999 then 'bad' else 'good' end`);
  const before = await definitionsOf(pair.subscriber, 'doubled');
  serve();
  await pair.subscriber.query(
    `insert into londiste.table_state (queue_name, consumer_name, table_name) select 'q', 'c', 'public.' || t from unnest($1::text[]) t`,
    [['good', 'checked', 'doubled', 'typed', 'other']],
  );
  await pair.subscriber.execute(`notify londiste_tables`);
  await eventually(
    shown,
    { good: 'ok', checked: 'parked', doubled: 'parked', typed: 'parked', other: 'ok' },
    40_000,
  );
  await equal('good');
  expect((await errorOf('checked')).error).toContain('constraint low');
  expect((await errorOf('typed')).error).toContain('column mood');
  const { error, hint } = await errorOf('doubled');
  expect(error).toContain('(while index doubled_half was built)');
  expect(hint).toContain(
    `delete from londiste.stored_definition where table_name = 'public.doubled' and family = 'public.doubled_half'`,
  );
  await pair.subscriber.execute(`alter table checked drop constraint low; alter type mood add value 'bad';
    delete from londiste.stored_definition where table_name = 'public.doubled' and family = 'public.doubled_half'`);
  await retryTables(pair.ends, []);
  await eventually(async () => new Set(Object.values(await shown())), new Set(['ok']), 40_000);
  for (const name of ['checked', 'doubled', 'typed']) await equal(name);
  expect(await definitionsOf(pair.subscriber, 'doubled')).toEqual(
    before.filter((line) => !line.includes('doubled_half')),
  );
});

test('no room for what an index is built with: tried again until there is, the others go on', async () => {
  await create('large', 'small');
  await pair.provider.execute(
    `insert into large select n, md5(n::text) || repeat('y', 300) from generate_series(10001, 40000) n`,
  );
  const { port, database } = pair.subscriberSettings;
  await asSuperuser(port, (admin) =>
    admin.execute(
      `alter database ${database} set maintenance_work_mem = '1MB'; alter database ${database} set temp_file_limit = '64kB'`,
    ),
  );
  const before = await definitionsOf(pair.subscriber, 'large');
  serve();
  await addSubscriberTables(pair.ends, ['large', 'small']);
  await eventually(async () => (await errorOf('large')).error !== undefined, true, 40_000);
  await eventually(async () => (await shown())['small'], 'ok');
  expect((await shown())['large']).toBe('building');
  expect((await errorOf('large')).error).toContain('temp_file_limit');
  await asSuperuser(port, (admin) => admin.execute(`alter database ${database} reset temp_file_limit`));
  await eventually(async () => (await shown())['large'], 'ok', 40_000);
  await equal('large');
  expect(await definitionsOf(pair.subscriber, 'large')).toEqual(before);
});

test.each(['provider', 'subscriber'] as const)(
  'dropped on the %s in the middle of its copy',
  async (side) => {
    await create('entry', 'other');
    serve();
    let dropped: Promise<unknown> = Promise.resolve();
    arm('copy.range-landed', () => {
      disarmAll();
      // Waits for the copy's own locks on the provider, so nobody waits for it here.
      dropped = (async () => {
        await using session = await open(
          side === 'provider' ? pair.providerSettings : pair.subscriberSettings,
        );
        await session.execute('drop table entry');
      })();
    });
    await addSubscriberTables(pair.ends, ['entry', 'other']);
    await eventually(async () => (await shown())['other'], 'ok', 40_000);
    await dropped;
    if (side === 'provider') {
      // What the copy had read is whole; nothing comes any more.
      await eventually(async () => (await shown())['entry'], 'ok', 40_000);
      return;
    }
    await eventually(async () => (await shown())['entry'], 'parked', 40_000);
    expect((await errorOf('entry')).error).toContain('entry');
    await pair.subscriber.execute('create table entry (id int primary key, item text)');
    await retryTables(pair.ends, ['entry']);
    await eventually(async () => (await shown())['entry'], 'ok', 40_000);
    await equal('entry');
  },
);

test('a second copier has replaced the first: the first changes nothing any more, and ends', async () => {
  await create('entry');
  serve();
  let reached = (): void => undefined;
  const inCopy = new Promise<void>((resolve) => (reached = resolve));
  let letGo = (): void => undefined;
  const released = new Promise<void>((resolve) => (letGo = resolve));
  arm('copy.range-landed-not-committed', async () => {
    reached();
    await released;
  });
  const first = replay;
  await addSubscriberTables(pair.ends, ['entry']);
  await inCopy;
  disarmAll();
  // As after its connection was lost: another serves now.
  await pair.subscriber.execute('update londiste.position set fence = fence + 1');
  letGo();
  await expect(first?.ended()).rejects.toThrow('another replay serves');
  expect(await pair.subscriber.query(`select from londiste.copy_range where state = 'done'`)).toEqual([]);
  expect(await pair.subscriber.query('select from entry limit 1')).toEqual([]);
  replay = undefined;
  serve();
  await eventually(async () => (await shown())['entry'], 'ok', 40_000);
  await equal('entry');
});
