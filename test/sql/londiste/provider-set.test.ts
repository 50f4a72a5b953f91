import { beforeAll, describe, expect, it } from 'vitest';
import { Session, type ConnectSettings } from '../../../src/db/session.js';
import { LondisteError } from '../../../src/kernel/errors.js';
import { installSchema } from '../../../src/install/install.js';
import { asSuperuser, open, type Which } from '../../support/databases.js';
import { allEvents, createProvider, queue } from '../../support/replica.js';

async function call(session: Session, verb: string, ...values: unknown[]): Promise<unknown> {
  const marks = values.map((_, n) => `$${n + 1}`).join(', ');
  return (await session.one(`select londiste.${verb}(${marks}) as result`, values))['result'];
}

async function refusal(
  work: Promise<unknown>,
): Promise<{ state: string | undefined; message: string; hint: string }> {
  try {
    await work;
  } catch (error) {
    if (error instanceof LondisteError)
      return { state: error.sqlstate, message: error.message, hint: error.hint };
  }
  throw new Error('it was not refused');
}

/** What cannot be added: how to make it, the name, the SQLSTATE, a part of the message, a part of the hint. */
const refused: Record<string, readonly [string, string, string, string, string]> = {
  'no such table': ['', 'nothing', '42P01', 'no such table: public.nothing', 'SCHEMA.NAME'],
  'no such schema': ['', '"No"."Table"', '42P01', 'no such table: "No"."Table"', 'SCHEMA.NAME'],
  'no name': ['', 'a.b.c', '42602', 'not a table or sequence name: a.b.c', 'SCHEMA.NAME'],
  'a view': [
    'create view v as select 1 as id',
    'v',
    '0A000',
    'public.v is a view',
    'tables that it reads from',
  ],
  'a sequence': ['create sequence s', 's', '0A000', 'public.s is a sequence', 'add-seq public.s'],
  'a materialized view': [
    'create materialized view m as select 1 as id',
    'm',
    '0A000',
    'materialized view',
    'tables',
  ],
  'an unlogged table': [
    'create unlogged table u (id int primary key)',
    'u',
    '0A000',
    'unlogged',
    'alter table public.u set logged',
  ],
  'a table of ours': ['', 'londiste.provider_table', '0A000', 'belongs to schema londiste', 'application'],
  'a table of the catalogue': [
    '',
    'pg_catalog.pg_class',
    '0A000',
    'belongs to schema pg_catalog',
    'application',
  ],
  'no key': [
    'create table nokey (id int)',
    'nokey',
    '55000',
    'table public.nokey has no usable key',
    'alter table public.nokey add primary key',
  ],
  'a deferrable key': [
    'create table late (id int primary key deferrable)',
    'late',
    '55000',
    'table public.late has no usable key: constraint late_pkey is deferrable',
    'alter table public.late drop constraint late_pkey, add constraint late_pkey PRIMARY KEY (id)',
  ],
  'a unique index over what may be null, or of a part, or of an expression': [
    `create table almost (a int unique, b int not null, c text not null); create unique index on almost (b) where b > 0;
     create unique index on almost (lower(c))`,
    'almost',
    '55000',
    'table public.almost has no usable key: column a of index almost_a_key may be NULL; index almost_b_idx has a condition; index almost_lower_idx is over an expression',
    'alter table public.almost alter column a set not null',
  ],
};

describe.each(['oldest', 'newest'] as const)('the set of a provider, %s server', (which: Which) => {
  let settings: ConnectSettings;
  beforeAll(async () => {
    settings = await createProvider(which);
  });

  it('refuses what it cannot capture, naming it and what to do, and changes nothing', async () => {
    await using session = await open(settings);
    for (const [title, [sql, name, state, message, hint]] of Object.entries(refused)) {
      await session.execute(sql === '' ? 'select' : sql);
      const error = await refusal(call(session, 'provider_add_table', queue, name));
      expect(error.state, title).toBe(state);
      expect(error.message, title).toContain(message);
      expect(error.hint, title).toContain(hint);
    }
    const noQueue = await refusal(call(session, 'provider_add_table', 'none', 'entry'));
    expect(noQueue).toMatchObject({
      state: '42704',
      hint: expect.stringContaining('provider install') as string,
    });
    expect(await session.query('select * from londiste.provider_table')).toEqual([]);
    expect(await session.query(`select from pg_proc where proname like 'capture\\_1\\_%'`)).toEqual([]);
  });

  it('refuses a table of another role', async () => {
    await using session = await open(settings);
    await asSuperuser(
      settings.port,
      (root) =>
        root.execute(
          'create table public.foreign_owned (id int primary key); grant all on foreign_owned to app',
        ),
      settings.database,
    );
    const error = await refusal(call(session, 'provider_add_table', queue, 'foreign_owned'));
    expect(error).toMatchObject({ state: '42501', hint: 'grant postgres to app' });
  });

  it('adds, lists, removes, and says when there was nothing to do', async () => {
    await using session = await open(settings);
    await session.execute(`create table entry (id serial primary key, item text); create schema "Odd";
      create table "Odd"."Entry" (a int, b text not null, c text not null, unique (c, b))`);
    expect(await call(session, 'provider_add_table', queue, 'entry')).toBe(1);
    expect(await call(session, 'provider_add_table', queue, 'public.entry')).toBe(0);
    expect(await call(session, 'provider_add_table', queue, '"Odd"."Entry"')).toBe(1);
    const tables = await session.query<{ table_name: string; key_columns: string[]; layout_id: string }>(
      'select table_name, key_columns, layout_id from londiste.provider_get_table_list($1)',
      [queue],
    );
    expect(tables.map(({ table_name, key_columns }) => [table_name, key_columns])).toEqual([
      ['public.entry', ['id']],
      ['"Odd"."Entry"', ['c', 'b']],
    ]);
    for (const { layout_id } of tables) {
      expect(
        await session.query('select 1 from londiste.layout where layout_id = $1', [layout_id]),
      ).toHaveLength(1);
    }
    expect(await call(session, 'provider_remove_table', queue, '"Odd"."Entry"')).toBe(1);
    expect(await call(session, 'provider_remove_table', queue, '"Odd"."Entry"')).toBe(0);
    expect(await session.query(`select from pg_trigger where tgrelid = '"Odd"."Entry"'::regclass`)).toEqual(
      [],
    );
    expect(await session.query(`select from pg_proc where proname like 'capture\\_1\\_%'`)).toHaveLength(4);
  });

  it('C7: takes an immediate unique index over NOT NULL columns where the primary key is deferrable', async () => {
    await using session = await open(settings);
    await session.execute(
      `create table two_keys (id int primary key deferrable, code text not null unique, other int not null unique)`,
    );
    await call(session, 'provider_add_table', queue, 'two_keys');
    expect(
      await session.one(
        `select key_columns from londiste.provider_table where table_name = 'public.two_keys'`,
      ),
    ).toEqual({ key_columns: ['code'] });
  });

  it('knows a table by the name it was added under', async () => {
    await using session = await open(settings);
    await session.execute(`create table named (id int primary key)`);
    await call(session, 'provider_add_table', queue, 'named');
    await session.execute('alter table named rename to renamed; insert into renamed values (1)');
    expect((await allEvents(session, 'public.named')).map(({ ev_data }) => ev_data)).toEqual(['(1)']);
    const error = await refusal(call(session, 'provider_add_table', queue, 'renamed'));
    expect(error.message).toContain('public.renamed is in the set of queue q already, as public.named');
    await session.execute('drop table renamed; create table named (id int primary key)');
    expect((await refusal(call(session, 'provider_add_table', queue, 'named'))).hint).toContain(
      'provider remove public.named',
    );
    expect(await call(session, 'provider_remove_table', queue, 'named')).toBe(1);
    expect(await call(session, 'provider_add_table', queue, 'named')).toBe(1);
  });

  it('gives up on a table that somebody writes to, and adds it later', async () => {
    await using session = await open(settings);
    await using other = await open(settings);
    await session.execute('create table busy (id int primary key)');
    await other.execute('begin; insert into busy values (1)');
    expect((await refusal(call(session, 'provider_add_table', queue, 'busy'))).state).toBe('55P03');
    await other.execute('commit');
    expect(await call(session, 'provider_add_table', queue, 'busy')).toBe(1);
  });

  it('carries the values of sequences as the sequences have them', async () => {
    await using session = await open(settings);
    await session.execute(`create sequence plain; create sequence "Odd seq" start -5 increment -1 minvalue -9223372036854775808;
      select nextval('plain'); select setval('"Odd seq"', -9223372036854775808, false)::text`);
    expect(await call(session, 'provider_add_seq', queue, 'plain')).toBe(1);
    expect(await call(session, 'provider_add_seq', queue, 'plain')).toBe(0);
    expect(await call(session, 'provider_add_seq', queue, '"Odd seq"')).toBe(1);
    const values = (): Promise<unknown> =>
      session.query('select seq_name, last_value::text, is_called from londiste.sequence_values($1)', [
        queue,
      ]);
    expect(await values()).toEqual([
      { seq_name: 'public.plain', last_value: '1', is_called: true },
      { seq_name: 'public."Odd seq"', last_value: '-9223372036854775808', is_called: false },
    ]);
    await session.execute('drop sequence "Odd seq"; alter sequence plain rename to simple');
    expect(await values()).toEqual([{ seq_name: 'public.plain', last_value: '1', is_called: true }]);
    expect(
      await session.query('select seq_name from londiste.provider_get_seq_list($1)', [queue]),
    ).toHaveLength(2);
    expect(await call(session, 'provider_remove_seq', queue, '"Odd seq"')).toBe(1);
    expect(await call(session, 'provider_remove_seq', queue, '"Odd seq"')).toBe(0);
    expect(await refusal(call(session, 'provider_add_seq', queue, 'missing'))).toMatchObject({
      state: '42P01',
    });
    await session.execute('create table no_seq (id int primary key)');
    expect(await refusal(call(session, 'provider_add_seq', queue, 'no_seq'))).toMatchObject({
      state: '42809',
    });
  });

  it('warns of what maintenance cannot mend, and mends the rest all the same', async () => {
    const own = await createProvider(which);
    const warnings: string[] = [];
    await using session = await open(own);
    await using maintenance = await openWith(own, (message) => warnings.push(message));
    await session.execute(`create table lost (id int primary key); create table keyless (id int primary key);
      create table silent (id int primary key); create table busy (id int primary key); create table fine (id int primary key)`);
    for (const name of ['lost', 'keyless', 'silent', 'busy', 'fine'])
      await call(session, 'provider_add_table', queue, name);
    expect(await call(maintenance, 'refresh_captures')).toBe(0);
    expect(warnings).toEqual([]);
    await session.execute(`drop table lost; alter table keyless drop constraint keyless_pkey;
      alter table silent disable trigger user; alter table busy add column a int; alter table fine add column a int`);
    await session.execute('begin; alter table busy add column b int');
    expect(await call(maintenance, 'refresh_captures')).toBe(1);
    await session.execute('commit');
    expect(await call(maintenance, 'periodic_maintenance')).toBe(0);
    expect(await call(maintenance, 'refresh_captures')).toBe(0);
    for (const part of [
      'queue q, table public.lost: the table is gone',
      'queue q, table public.keyless: it has no usable key any more',
      'queue q, table public.silent: capture triggers are missing or disabled',
    ]) {
      expect(warnings.filter((message) => message.includes(part))).toHaveLength(3);
    }
    await session.execute(
      'insert into fine values (1, 2); insert into busy values (1, 2, 3); insert into keyless values (1), (1)',
    );
    expect((await allEvents(session)).map(({ ev_data }) => ev_data)).toEqual([
      '(1,2)',
      '(1,2,3)',
      '(1)',
      '(1)',
    ]);
  });

  it('lets writes pass when the queue is gone', async () => {
    const own = await createProvider(which);
    await using session = await open(own);
    await session.execute('create table entry (id int primary key)');
    await call(session, 'provider_add_table', queue, 'entry');
    await session.query('select pgq.drop_queue($1)', [queue]);
    await session.execute(
      'insert into entry values (1); update entry set id = 2; delete from entry; truncate entry',
    );
    const warnings: string[] = [];
    await using maintenance = await openWith(own, (message) => warnings.push(message));
    await call(maintenance, 'periodic_maintenance');
    expect(warnings).toEqual([expect.stringContaining('queue q, table public.entry: the queue is gone')]);

    await session.query('select pgq.create_queue($1)', [queue]);
    expect(await call(session, 'provider_add_table', queue, 'entry')).toBe(1);
    await session.execute('insert into entry values (7)');
    expect(await session.query('select ev_data from pgq.event_2')).toEqual([{ ev_data: '(7)' }]);
    await session.query('select pgq.drop_queue($1)', [queue]);
    expect(await call(session, 'provider_remove_table', queue, 'entry')).toBe(1);
    expect(await session.query(`select from pg_trigger where tgname like 'londiste\\_%'`)).toEqual([]);
  });

  it('installs on a subscriber, which has no queue, and again', async () => {
    const own = await createProvider(which);
    await using session = await open(own);
    await session.execute('drop schema londiste cascade; drop schema pgq cascade');
    expect(await installSchema(session, 'londiste')).toBe('installed');
    const node = await session.one('select node_id, node_name from londiste.node');
    expect(await installSchema(session, 'londiste')).toBe('present');
    expect(await session.one('select node_id, node_name from londiste.node')).toEqual(node);
    expect(await call(session, 'periodic_maintenance')).toBe(0);
  });
});

function openWith(settings: ConnectSettings, onWarning: (message: string) => void): Promise<Session> {
  return Session.open(settings, { side: 'database', applicationName: 'test', onNotice: onWarning });
}
