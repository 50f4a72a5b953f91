/** `provider check`, and patterns of `provider add`: as an operator meets them, on both majors. */
import { beforeEach, describe, expect, test } from 'vitest';
import { superuser } from '../../src/embedded/server.js';
import {
  addProviderSequences,
  addProviderTables,
  checkProvider,
  removeProviderTables,
} from '../../src/setup/provider.js';
import { asSuperuser, open } from '../support/databases.js';
import { tickerRuns } from '../support/eventually.js';
import { createPair, Daemons, type Pair } from '../support/pair.js';

describe.each(['oldest', 'newest'] as const)('%s server', (which) => {
  let pair: Pair;
  const queue = 'q';

  beforeEach(async () => {
    pair = await createPair(which, which);
  });

  /** Fault or note, object and what is wrong, a line each. */
  async function found(): Promise<string[]> {
    const { faults } = await checkProvider(pair.provider, queue);
    return faults.map(({ object, what, fix, isFault }) => {
      expect(fix).not.toBe('');
      return `${isFault ? 'fault' : 'note'} ${object}: ${what}`;
    });
  }

  async function withTicker(): Promise<void> {
    Daemons.ticker(pair);
    await tickerRuns(pair.provider);
  }

  test('nothing is wrong with a set that is whole', async () => {
    await pair.provider.execute('create table entry (id serial primary key, v text)');
    await withTicker();
    await addProviderTables(pair.provider, queue, ['entry']);
    await addProviderSequences(pair.provider, queue, ['entry_id_seq']);
    expect(await checkProvider(pair.provider, queue)).toEqual({ tables: 1, sequences: 1, faults: [] });
  });

  test.each([
    ['id > random()', 'IMMUTABLE'],
    ['nothere = 1', 'column "nothere" does not exist'],
    ['id >', 'syntax error'],
    ['id', 'boolean'],
  ])('a row filter that cannot be is refused with the reason: %s', async (where, reason) => {
    await pair.provider.execute('create table entry (id serial primary key, v text)');
    const refusal = addProviderTables(pair.provider, queue, ['entry'], { where });
    await expect(refusal).rejects.toMatchObject({
      message: expect.stringContaining(`table public.entry cannot be filtered by (${where}): `) as string,
      hint: expect.stringContaining('immutable functions over columns of this table') as string,
    });
    await expect(refusal).rejects.toThrow(reason);
    expect(await pair.provider.query(`select from pg_trigger where tgrelid = 'entry'::regclass`)).toEqual([]);
  });

  test('without a ticker', async () => {
    expect(await found()).toEqual([expect.stringContaining('fault queue q: no ticker is connected')]);
  });

  test('each thing that keeps changes from being captured, and each that should be known', async () => {
    await withTicker();
    const { provider, providerSettings } = pair;
    await provider.execute(`create table gone (id int primary key); create table keyless (id int primary key);
      create table silent (id int primary key); create table changed (id int primary key);
      create table customer (id int primary key); create table orders (id serial primary key, customer int references customer);
      create table first_name (id int primary key); create table parent (id int primary key); create sequence lost`);
    const tables = ['gone', 'keyless', 'silent', 'changed', 'orders', 'first_name', 'parent'];
    await addProviderTables(provider, queue, tables);
    await addProviderSequences(provider, queue, ['lost']);
    expect((await found()).filter((line) => line.startsWith('fault'))).toEqual([]);
    const { name } = await provider.one<{ name: string }>(
      `select p.oid::regprocedure::text as name from pg_proc p join pg_trigger t on t.tgfoid = p.oid
        where t.tgrelid = 'changed'::regclass and t.tgname like '%\\_u'`,
    );
    await provider.execute(`drop table gone; alter table keyless drop constraint keyless_pkey;
      drop trigger londiste_1_u on silent; alter table first_name rename to second_name;
      create table child () inherits (parent); drop sequence lost;
      create or replace function ${name} returns trigger language plpgsql as 'begin return null; end'`);
    const { database } = providerSettings;
    await asSuperuser(providerSettings.port, (root) =>
      root.execute(`alter database "${database}" set session_replication_role = replica`),
    );
    await asSuperuser(
      providerSettings.port,
      (root) =>
        root.execute(
          `create function public.silently() returns void language sql set session_replication_role = replica as 'select'`,
        ),
      database,
    );
    const lines = await found();
    for (const part of [
      `fault database ${database}: its sessions begin with session_replication_role`,
      'note function public.silently(): it runs with session_replication_role = replica',
      'fault table public.gone: the table is gone',
      'fault table public.keyless: it has no usable key any more',
      'fault table public.silent: capture triggers are missing or disabled',
      'fault table public.changed: somebody has changed its capture functions',
      'fault table public.parent: it has become part of an inheritance',
      'note table public.orders: it references public.customer, which is not in the set',
      'note table public.orders: column id takes its values from sequence public.orders_id_seq',
      'note table public.first_name: it is called public.second_name now',
      'fault sequence public.lost: it is gone',
    ]) {
      expect(
        lines.filter((line) => line.startsWith(part)),
        `${part}\n${lines.join('\n')}`,
      ).toHaveLength(1);
    }
    expect(lines).toHaveLength(11);
    // Maintenance warns of the same, and makes functions that somebody has changed anew.
    await asSuperuser(providerSettings.port, (root) =>
      root.execute(`alter database "${database}" reset session_replication_role`),
    );
    await provider.query('select londiste.periodic_maintenance()');
    expect((await found()).filter((line) => line.includes('public.changed'))).toEqual([]);
    await provider.execute('insert into changed values (1); update changed set id = 2');
    expect(
      await provider.query(
        `select ev_data from pgq.event_1 where ev_extra1 = 'public.changed' order by ev_id`,
      ),
    ).toEqual([{ ev_data: '(1)' }, { ev_data: '(1)' }, { ev_data: '(2)' }]);
  });

  test('patterns mean the tables that are not in the set, and all that is wrong with them is told at once', async () => {
    const { provider } = pair;
    await provider.execute(`create schema shop; create table shop.a (id int primary key); create table shop.b (id int primary key);
      create table shop."log*" (id int); create table shop.log_1 (id int); create table other (id int primary key);
      create view shop.v as select 1; create temporary table passing (id int primary key)`);
    expect(await addProviderTables(provider, queue, ['shop.a'])).toEqual(['shop.a']);
    const refused = await addProviderTables(provider, queue, ['*.*']).catch((error: unknown) => error);
    expect(String(refused)).toContain('shop."log*"');
    expect(String(refused)).toContain('shop.log_1');
    expect((await checkProvider(provider, queue)).tables).toBe(1);
    expect(
      await addProviderTables(provider, queue, ['*.*'], { except: ['shop.log_?', 'shop."log*"'] }),
    ).toEqual(['public.other', 'shop.b']);
    await expect(addProviderTables(provider, queue, ['nowhere.*'])).rejects.toThrow(
      'nothing here fits nowhere.*',
    );
    await expect(addProviderTables(provider, queue, ['shop.a'])).rejects.toThrow('already in the set');
    expect(await removeProviderTables(provider, queue, ['shop.?'])).toEqual(['shop.a', 'shop.b']);
    expect((await checkProvider(provider, queue)).tables).toBe(1);
  });

  test('the same tables whoever types: of another schema owner only those that may be captured', async () => {
    const { provider, providerSettings } = pair;
    await asSuperuser(
      providerSettings.port,
      (root) =>
        root.execute(
          `create table foreign_owned (id int primary key); alter table foreign_owned owner to ${superuser}`,
        ),
      providerSettings.database,
    );
    await using session = await open(providerSettings);
    await expect(addProviderTables(session, queue, ['*'])).rejects.toThrow(/foreign_owned/);
    expect(await provider.query('select from londiste.provider_table')).toEqual([]);
  });
});
