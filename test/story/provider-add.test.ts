/** Every switch of `provider add` as an operator types it: what is captured then, and what is refused with what to type. */
import { beforeAll, describe, expect, test } from 'vitest';
import type { ConnectSettings } from '../../src/db/session.js';
import { listProviderTables } from '../../src/setup/provider.js';
import { createDatabase, open } from '../support/databases.js';
import { eventually } from '../support/eventually.js';
import { Installation } from '../support/installation.js';
import { run, type Outcome } from '../support/programs.js';
import { oneWay } from '../support/ways.js';

describe.each(oneWay('back'))('a provider of the %s major', (which, other) => {
  let provider: ConnectSettings;
  let user: Installation;

  beforeAll(async () => {
    provider = await createDatabase(which);
    user = new Installation(provider, await createDatabase(other));
    await there(`create schema shop; create table shop.orders (id int primary key, code text not null, region int);
      create unique index orders_code on shop.orders (code); create table shop.log_1 (at int, what text);
      create table shop.log_2 (at int, what text); create table shop."Odd.Name" (id int primary key);
      create table plain (id int primary key, v text); create table rows (id int primary key, v text);
      create table coded (id int primary key, code text not null, v text); create unique index coded_code on coded (code);
      create table totals (a int, b text); create table event_log (a int, b text);
      create table filtered (id int primary key, region int); create view looks as select 1 as one;
      create table parts (id int primary key) partition by range (id);
      create table parts_low partition of parts for values from (0) to (10)`);
    await user.must('londiste replica.ini provider install');
  }, 60_000);

  async function there(sql: string): Promise<void> {
    await using session = await open(provider);
    await session.execute(sql);
  }

  /** Types it word by word, as a shell hands on what was quoted. */
  function add(...words: readonly string[]): Promise<Outcome> {
    return run('londiste', ['replica.ini', 'provider', 'add', ...words], { cwd: user.folder });
  }

  async function adds(words: readonly string[], ...tables: readonly string[]): Promise<void> {
    expect(await add(...words)).toEqual({
      code: 0,
      stdout: tables.map((table) => `Added: ${table}\n`).join(''),
      stderr: '',
    });
    expect(await listed()).toEqual(expect.arrayContaining([...tables]));
  }

  /** Types what must be refused, with what it says, line by line, and nothing added. */
  async function refuses(words: readonly string[], ...lines: readonly string[]): Promise<void> {
    const before = await listed();
    const { code, stdout, stderr } = await add(...words);
    expect([code, stdout, withoutPlace(stderr).trimEnd().split('\n')]).toEqual([1, '', lines]);
    expect(await listed()).toEqual(before);
  }

  /** What the server says is told with the server, which is another in each run. */
  function withoutPlace(said: string): string {
    return said.replaceAll(`provider ${provider.database} at ${provider.host}:${provider.port}: `, '');
  }

  /** The set, in the order in which it was added to. */
  async function listed(): Promise<string[]> {
    await using session = await open(provider);
    return await listProviderTables(session, user.name.queue);
  }

  /** How a table is captured: by triggers for each what, known by which columns. */
  async function captured(table: string): Promise<unknown> {
    await using session = await open(provider);
    return await session.one(
      `select p.key_columns as key, p.replica_identity as identity, p.row_filter as filter,
              (select case when bool_or(t.tgtype & 1 = 1) then 'row' else 'statement' end from pg_trigger t
                where t.tgrelid = p.table_oid and not t.tgisinternal) as by
         from londiste.provider_table p where p.table_name = $1`,
      [table],
    );
  }

  /** The events that a write makes, as their types and rows. */
  async function eventsOf(sql: string): Promise<string[]> {
    await using session = await open(provider);
    await session.execute('truncate pgq.event_1_0, pgq.event_1_1, pgq.event_1_2');
    await session.execute(sql);
    const events = await session.query<{ text: string }>(
      'select ev_type || $1 || coalesce(ev_data, $2) as text from pgq.event_1 order by ev_id',
      [' ', '-'],
    );
    return events.map(({ text }) => text);
  }

  test('--capture: by triggers for each statement unless said otherwise, and for each row', async () => {
    const plain = { key: ['id'], identity: 'default', filter: null };
    await adds(['plain'], 'public.plain');
    expect(await captured('public.plain')).toEqual({ ...plain, by: 'statement' });
    await adds(['rows', '--capture', 'row'], 'public.rows');
    expect(await captured('public.rows')).toEqual({ ...plain, by: 'row' });
    await adds(['--capture=statement', 'shop."Odd.Name"'], 'shop."Odd.Name"');
    expect(await captured('shop."Odd.Name"')).toEqual({ ...plain, by: 'statement' });
    await refuses(
      ['coded', '--capture', 'rows'],
      'londiste: --capture is statement or row, not "rows"',
      '  → give --capture statement or --capture row',
    );
    await refuses(
      ['parts', '--capture', 'statement'],
      'londiste: table public.parts cannot be captured by statement: statement triggers do not see what is written through another table of its partition tree',
      '  → londiste CONFIG provider add public.parts --capture row',
    );
    await refuses(
      ['plain'],
      'londiste: table public.plain is already in the set of queue londiste.write',
      '  → nothing to do',
    );
  });

  test('--key: known by the columns of that index', async () => {
    await refuses(
      ['coded', '--key', 'coded_cod'],
      'londiste: table public.coded has no usable index coded_cod: it has no such index',
      '  → create unique index coded_cod on public.coded (COLUMN), and alter table public.coded alter COLUMN set not null',
    );
    await adds(['coded', '--key', 'coded_code'], 'public.coded');
    expect(await captured('public.coded')).toMatchObject({ key: ['code'], identity: 'index coded_code' });
    expect(
      await eventsOf(
        `insert into coded values (1, 'a', 'v'); update coded set id = 2; update coded set code = 'b'`,
      ),
    ).toEqual(['row:I (1,a,v)', 'row:U (2,a,v)', 'gone (a)', 'row:U (2,b,v)']);
  });

  test('--full-row and --insert-only: for tables without a key', async () => {
    await refuses(
      ['totals'],
      'londiste: table public.totals has no usable key',
      '  → alter table public.totals add primary key (COLUMN); else provider add public.totals --insert-only where rows are never updated or deleted, or --full-row, for which a subscriber scans the table to find a row',
    );
    await adds(['totals', '--full-row'], 'public.totals');
    expect(await captured('public.totals')).toMatchObject({ key: [], identity: 'full' });
    expect(await eventsOf(`insert into totals values (1, 'x'); delete from totals`)).toEqual([
      'row:I (1,x)',
      'gone (1,x)',
    ]);
    await adds(['--insert-only', 'event_log'], 'public.event_log');
    expect(await captured('public.event_log')).toMatchObject({ key: [], identity: 'nothing' });
    expect(await eventsOf(`insert into event_log values (1, 'x')`)).toEqual(['row:I (1,x)']);
    for (const words of [
      ['--key', 'orders_code', '--full-row'],
      ['--full-row', '--insert-only'],
      ['--key', 'orders_code', '--full-row', '--insert-only'],
    ])
      await refuses(
        ['shop.orders', ...words],
        'londiste: a table is known by one thing: --key, --full-row or --insert-only',
        '  → give one of them',
      );
  });

  test('--where: only rows that fit', async () => {
    await refuses(
      ['filtered', '--where', 'regoin = 7'],
      'londiste: table public.filtered cannot be filtered by (regoin = 7): column "regoin" does not exist',
      '  → give a condition of immutable functions over columns of this table, functions of your own with their schema',
    );
    await adds(['filtered', '--where', 'region = 7'], 'public.filtered');
    expect(await captured('public.filtered')).toMatchObject({ filter: '(region = 7)' });
    expect(
      await eventsOf('insert into filtered values (1, 7), (2, 8); update filtered set region = 15 - region'),
    ).toEqual(['row:I (1,7)', 'gone (1)', 'row:U (2,7)']);
    await refuses(
      ['shop.orders', '--where', ''],
      'londiste: table shop.orders cannot be filtered by (): syntax error at or near ")"',
      '  → give a condition of immutable functions over columns of this table, functions of your own with their schema',
    );
  });

  test('patterns and --except: what fits and is not in the set, all or nothing', async () => {
    await refuses(
      ['nowhere.*'],
      'londiste: nothing here fits nowhere.*',
      '  → SCHEMA.* stands for everything in a schema; without a schema it is public',
    );
    const { stderr } = await add('shop.*');
    expect(withoutPlace(stderr)).toContain(
      'table shop.log_1 has no usable key\ntable shop.log_2 has no usable key\n',
    );
    expect(await listed()).not.toContain('shop.orders');
    await adds(['shop.*', '--except', 'shop.log_?'], 'shop.orders');
    await refuses(
      ['shop.*', '--except', 'shop.lgo_1'],
      'londiste: --except shop.lgo_1: no table of that name could be added (did you mean shop.log_1?)',
      '  → write it as SCHEMA.NAME, with double quotes where it has capitals, or leave it out',
    );
    await refuses(
      ['shop.*', '--except', 'shop.log_1', 'shop.log_2'],
      'londiste: --except leaves out every table that is meant',
      '  → leave something to add',
    );
    await adds(['shop.log_*', '--except', 'shop.log_1', '--full-row'], 'shop.log_2');
  });

  test('--all: whatever is left, partitioned tables as one', async () => {
    for (const words of [[], ['--all', 'plain'], ['--except', 'plain']])
      await refuses(
        words,
        'londiste: provider add needs tables, or --all',
        '  → name tables, or type: provider add --all',
      );
    await adds(['--all', '--except', 'shop.log_1', '--except', 'plain'], 'public.parts');
    expect(await captured('public.parts')).toMatchObject({ by: 'row' });
    expect(await eventsOf('insert into parts values (1); delete from parts_low')).toEqual([
      'row:I (1)',
      'gone (1)',
    ]);
    await adds(['--all', '--insert-only'], 'shop.log_1');
    await refuses(
      ['--all'],
      'londiste: every table of the database is in the set of queue londiste.write already',
      '  → nothing to do',
    );
  });

  test('words that are no switches', async () => {
    for (const words of [
      ['plain', '--keys', 'x'],
      ['plain', '--where'],
      ['plain', '--capture'],
    ]) {
      const { code, stderr } = await add(...words);
      expect([code, stderr]).toEqual([1, expect.stringContaining(words[1] ?? '')]);
      expect(stderr).toContain('londiste provider add --help tells more');
    }
    const { stdout } = await run('londiste', ['provider', 'add', '--help']);
    for (const flag of ['--all', '--except', '--capture', '--key', '--full-row', '--insert-only', '--where'])
      expect(stdout).toContain(flag);
  });

  test('check knows of all of them, and of what has become of them since', async () => {
    await user.must('pgqadm ticker.ini ticker -d');
    await eventually(async () => (await user.type('londiste replica.ini provider check')).code, 0);
    expect(await user.must('londiste replica.ini provider check')).toBe(
      '11 tables and 0 sequences: all changes are captured\n',
    );
    expect(await user.must('londiste replica.ini provider tables')).toBe(
      (await listed()).map((table) => `${table}\n`).join(''),
    );
    await there('drop index coded_code; alter table filtered disable trigger all');
    const { code, stdout, stderr } = await user.type('londiste replica.ini provider check');
    expect(code).toBe(1);
    expect(stdout.split('\n')).toEqual(
      expect.arrayContaining([
        'table public.coded: it has no usable key any more: it has no such index',
        'table public.filtered: capture triggers are missing or disabled, changes may be lost',
      ]),
    );
    expect(stderr).toBe('londiste: 2 faults found\n  → each is listed with what mends it\n');
  });
});
