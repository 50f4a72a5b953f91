/** Native logical replication as the writer of a provider's tables, which fires no statement triggers. */
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { quoteLiteral } from '../../src/db/identifiers.js';
import type { Session } from '../../src/db/session.js';
import { superuser } from '../../src/embedded/server.js';
import { addProviderTables, checkProvider, removeProviderTables } from '../../src/setup/provider.js';
import { conninfo, createDatabase, open } from '../support/databases.js';
import { eventually } from '../support/eventually.js';
import { digest, followByHand, reach, tickNow } from '../support/hand-ticks.js';
import { ownServer } from '../support/own-server.js';
import { quickSettings } from '../support/clusters.js';
import { createPair, Daemons, type Pair } from '../support/pair.js';

const server = ownServer('oldest', { ...quickSettings, wal_level: 'logical' });

const plain = (name: string): string => `create table ${name} (id int primary key, v text);`;
const split = `create table split (id int primary key, v text) partition by range (id);
  create table split_low partition of split for values from (minvalue) to (100); create table split_rest partition of split default;`;

describe.each([
  ['oldest', 'newest'],
  ['newest', 'oldest'],
] as const)('provider %s, subscriber %s', (there, here) => {
  let pair: Pair;
  let publisher: Session;
  let root: Session;

  beforeAll(async () => {
    const published = await createDatabase({ port: server().port });
    publisher = await open({ ...published, user: superuser });
    await publisher.execute(`${plain('stock')} ${split} ${plain('late')} ${plain('late_by_row')}
      insert into stock values (1, 'first'), (2, 'first'); insert into split values (1, 'first'), (200, 'first');
      create publication early for table stock, split; create publication later for table late, late_by_row`);
    pair = await createPair(there, here);
    await pair.provider.execute(plain('stock') + split + plain('late') + plain('late_by_row'));
    await pair.subscriber.execute(plain('stock') + plain('split') + plain('late') + plain('late_by_row'));
    root = await open({ ...pair.providerSettings, user: superuser });
    await subscribe('early');
    Daemons.replay(pair, { loopDelayMs: 20 });
  });

  afterAll(async () => {
    // As long as they exist the database cannot be dropped.
    for (const name of ['early', 'later']) await root.execute(`drop subscription if exists ${slot(name)}`);
    await Promise.all([root.end(), publisher.end()]);
  });

  /** Slots are the server's, subscriptions the database's: one name for both. */
  const slot = (name: string): string => `${name}_${pair.providerSettings.database}`;

  async function subscribe(publication: string): Promise<void> {
    const from = conninfo({
      host: '127.0.0.1',
      port: server().port,
      user: superuser,
      database: await nameOf(),
    });
    await root.execute(
      `create subscription ${slot(publication)} connection ${quoteLiteral(from)} publication ${publication}`,
    );
    await eventually(async () => {
      const { n } = await root.one<{ n: number }>(
        `select count(*) as n from pg_subscription_rel r join pg_subscription s on s.oid = r.srsubid
          where s.subname = $1 and srsubstate <> 'r'`,
        [slot(publication)],
      );
      return n;
    }, 0);
  }

  async function nameOf(): Promise<string> {
    return (await publisher.one<{ name: string }>('select current_database() as name')).name;
  }

  /** What is written to the publisher gets to the provider, and from there to the subscriber. */
  async function arrives(tables: readonly string[], sql: string): Promise<void> {
    await publisher.execute(sql);
    const wanted = await digest(publisher, tables);
    await eventually(() => digest(pair.provider, tables), wanted);
    await reach(pair, await tickNow(pair.provider, pair.name.queue));
    expect(await digest(pair.subscriber, tables), sql).toBe(wanted);
  }

  async function faults(): Promise<string[]> {
    return (await checkProvider(pair.provider, pair.name.queue)).faults
      .filter(({ object, isFault }) => isFault && object.startsWith('table'))
      .map(({ object, what }) => `${object}: ${what}`);
  }

  test('statement triggers are refused with the reason, row triggers see everything', async () => {
    const refused = addProviderTables(pair.provider, pair.name.queue, ['stock'], { capture: 'statement' });
    await expect(refused).rejects.toMatchObject({
      message: expect.stringContaining(
        'cannot be captured by statement: native logical replication writes to it, which fires no statement triggers',
      ) as string,
      hint: expect.stringContaining('provider add public.stock --capture row') as string,
    });
    const tables = ['stock', 'split'];
    // One says so, the other is captured by row without being told.
    await addProviderTables(pair.provider, pair.name.queue, ['stock'], { capture: 'row' });
    await addProviderTables(pair.provider, pair.name.queue, ['split']);
    expect(await faults()).toEqual([]);
    await followByHand(pair, tables);
    for (const table of tables) {
      await arrives(
        tables,
        `insert into ${table} select n, 'many' from generate_series(10, 150) n; update ${table} set v = 'changed' where id % 3 = 0`,
      );
      await arrives(
        tables,
        `begin; update ${table} set id = id + 1000 where id % 7 = 0; delete from ${table} where id % 5 = 0; insert into ${table} values (5, null); commit`,
      );
      await arrives(tables, `truncate ${table}; insert into ${table} values (7, 'after')`);
    }
    // What is written on the provider itself is captured as well, and once.
    await pair.provider.execute(
      `insert into stock values (500, 'here'); update stock set v = 'both' where id = 7`,
    );
    await reach(pair, await tickNow(pair.provider, pair.name.queue));
    expect(await digest(pair.subscriber, tables)).toBe(await digest(pair.provider, tables));
  });

  test('a subscription that comes later is reported, and adding the tables again mends it', async () => {
    const tables = ['late', 'late_by_row'];
    const add = async (): Promise<void> => {
      await addProviderTables(pair.provider, pair.name.queue, ['late']);
      await addProviderTables(pair.provider, pair.name.queue, ['late_by_row'], { capture: 'row' });
    };
    await add();
    expect((await faults()).filter((line) => line.includes('late'))).toEqual([]);
    await subscribe('later');
    const reason = 'native logical replication writes to it, whose changes its capture does not see';
    expect((await faults()).filter((line) => line.includes('late'))).toEqual(
      tables.map((name) => `table public.${name}: ${reason}`),
    );
    await removeProviderTables(pair.provider, pair.name.queue, tables);
    await add();
    expect((await faults()).filter((line) => line.includes('late'))).toEqual([]);
    await followByHand(pair, tables);
    await arrives(
      tables,
      `insert into late values (1, 'a'), (2, 'b'); insert into late_by_row values (1, 'a')`,
    );
    await arrives(tables, `update late set id = 3 where id = 1; delete from late_by_row`);
  });
});
