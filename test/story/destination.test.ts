/** A table that goes to one of another name, with some of its columns, as its operator meets it. */
import { beforeAll, expect, test } from 'vitest';
import type { ConnectSettings } from '../../src/db/session.js';
import { createDatabase, open } from '../support/databases.js';
import { eventually } from '../support/eventually.js';
import { Installation } from '../support/installation.js';
import { run } from '../support/programs.js';

let sides: { provider: ConnectSettings; subscriber: ConnectSettings };
let user: Installation;

async function there(sql: string): Promise<unknown[]> {
  await using session = await open(sides.provider);
  return sql.startsWith('select') ? await session.query(sql) : [await session.execute(sql)];
}

async function here(sql: string): Promise<unknown[]> {
  await using session = await open(sides.subscriber);
  return sql.startsWith('select') ? await session.query(sql) : [await session.execute(sql)];
}

async function listed(): Promise<Record<string, unknown>[]> {
  return JSON.parse(await user.must('londiste replica.ini subscriber tables --json')) as never;
}

async function becomes(state: string): Promise<void> {
  await eventually(async () => (await listed()).map((table) => table['state']), [state]);
}

async function becomeEqual(): Promise<void> {
  const rows = await there('select id, item, qty from entry order by id');
  await eventually(
    () => here('select "Id" as id, item, amount as qty from archive."old entry" order by 1'),
    rows,
  );
}

beforeAll(async () => {
  sides = { provider: await createDatabase('oldest'), subscriber: await createDatabase('newest') };
  user = new Installation(sides.provider, sides.subscriber);
  await there('create table entry (id serial primary key, item text, qty int, secret text)');
  await there(
    `insert into entry (item, qty, secret) select 'item ' || g, g, 'hidden' from generate_series(1, 100) g`,
  );
  await here(`create schema archive; create table archive."old entry" (seen timestamptz default now(), amount int, item text, "Id" int primary key);
    create table entry (id int primary key)`);
  await user.must('pgqadm ticker.ini ticker -d');
  await user.must('londiste replica.ini provider install');
  await user.must('londiste replica.ini subscriber install');
  await user.must('londiste replica.ini replay -d');
  await user.must('londiste replica.ini provider add entry');
}, 60_000);

const add = 'londiste replica.ini subscriber add entry';

test('refusals say what, which one and what to type', async () => {
  for (const [line, ...words] of [
    [`${add} --dest-table archive.nothere`, 'table archive.nothere does not exist on the subscriber'],
    [`${add} --columns id,nothing`, 'the provider has no column nothing, which --columns names'],
    [`${add} --columns item`, 'column id is of the key', 'add id to --columns'],
    [`${add} --columns id,`, 'expected a column, got nothing', 'THERE=HERE'],
    [
      `${add} --columns id,item=txt`,
      'column item of the provider is missing',
      'ALTER TABLE public.entry ADD COLUMN "txt" text',
    ],
    ['londiste replica.ini subscriber add --all --dest-tabel x', '--dest-tabel', '--dest-table'],
  ] as const) {
    const said = await user.refused(line);
    for (const word of words) expect(said).toContain(word);
  }
  expect(await listed()).toEqual([]);
  const help = await user.must('londiste subscriber add --help');
  for (const word of ['--dest-table <name>', '--columns <list>', 'address=addr'])
    expect(help).toContain(word);
});

test(
  'added, listed, followed, parked with the ALTER to run, and put back to work',
  { timeout: 90_000 },
  async () => {
    const into = ['--dest-table', 'archive."old entry"', '--columns', 'id="Id",item,qty=amount'];
    const args = ['replica.ini', 'subscriber', 'add', 'entry', ...into];
    expect(await run('londiste', args, { cwd: user.folder })).toMatchObject({
      code: 0,
      stdout: 'Added: public.entry\n',
    });
    await becomes('ok');
    await becomeEqual();
    expect(await user.must('londiste replica.ini subscriber tables')).toMatch(
      /^public\.entry +ok\n {4}into: archive\."old entry"\n {4}columns: id=Id,item,qty=amount\n$/m,
    );
    expect(await listed()).toMatchObject([
      { table: 'public.entry', destination: 'archive."old entry"', columns: 'id=Id,item,qty=amount' },
    ]);
    expect(await user.must('londiste replica.ini subscriber check')).toContain(
      'all fits: 1 table and 0 sequences',
    );

    await there(
      `update entry set item = 'changed' where id < 5; delete from entry where id = 6; update entry set secret = 'x'`,
    );
    await becomeEqual();

    await here('alter table archive."old entry" alter amount type smallint');
    expect((await user.type('londiste replica.ini subscriber check')).code).toBe(1);
    await there('update entry set qty = 100000 where id = 7');
    await becomes('parked');
    const shown = await user.must('londiste replica.ini subscriber tables');
    expect(shown).toContain('→ ALTER TABLE archive."old entry" ALTER COLUMN "amount" TYPE integer');
    expect(shown).toContain('→ then: londiste ... subscriber retry public.entry');
    await here(
      'alter table archive."old entry" alter amount type integer; update archive."old entry" set seen = null',
    );
    await user.must('londiste replica.ini subscriber retry entry');
    await becomes('ok');
    await becomeEqual();
    expect(await here('select count(*)::int as n from archive."old entry" where seen is null')).toEqual([
      { n: 99 },
    ]);

    await user.must('londiste replica.ini subscriber resync entry');
    await becomes('ok');
    await becomeEqual();
    expect(await here('select count(*)::int as n from archive."old entry" where seen is null')).toEqual([
      { n: 0 },
    ]);
    await user.must('londiste replica.ini subscriber remove entry');
    expect(await user.must('londiste replica.ini subscriber missing')).toContain('Table: public.entry');
    await user.stop();
  },
);
