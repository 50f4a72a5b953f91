/** What replay remembers of a table, or has read ahead, is not what the table is any more. */
import { expect, test } from 'vitest';
import { superuser } from '../../src/embedded/server.js';
import { providerAddSeq } from '../../src/londiste/provider.js';
import { addProviderTables } from '../../src/setup/provider.js';
import { addSubscriberSequences } from '../../src/setup/subscriber-sequences.js';
import { resyncTables } from '../../src/setup/resync.js';
import { addSubscriberTables, listTables } from '../../src/setup/subscriber-tables.js';
import { asSuperuser } from '../support/databases.js';
import { eventually } from '../support/eventually.js';
import { reach, subscribeByHand, tickNow } from '../support/hand-ticks.js';
import { createPair, Daemons, fingerprint, type Pair } from '../support/pair.js';

async function both({ provider, subscriber }: Pair, sql: string): Promise<void> {
  for (const session of [provider, subscriber]) await session.execute(sql);
}

async function states({ subscriber, name }: Pair): Promise<string[]> {
  return (await listTables(subscriber, name)).map(({ state }) => state);
}

/** Ticks, and waits until replay has committed the tick. */
async function replayed(pair: Pair): Promise<void> {
  await reach(pair, await tickNow(pair.provider, pair.name.queue));
}

async function isEqual({ provider, subscriber }: Pair, table: string): Promise<void> {
  expect(await fingerprint(subscriber, table)).toBe(await fingerprint(provider, table));
}

test('two tables are taken over in a batch, and a long one follows', { timeout: 90_000 }, async () => {
  const pair = await createPair('newest', 'oldest');
  const memoryBytes = 1024 * 1024;
  await both(
    pair,
    'create table s (id int primary key, v text); create table a (id int primary key); create table b (id int primary key)',
  );
  const before = Daemons.replay(pair, { memoryBytes });
  await subscribeByHand(pair, ['s']);
  await addProviderTables(pair.provider, 'q', ['a', 'b']);
  await addSubscriberTables(pair.ends, ['a', 'b']);
  await eventually(() => states(pair), ['ok', 'ready', 'ready']);
  await before.stop();
  await pair.provider.execute('insert into a values (1); insert into b values (1); insert into s values (0)');
  await tickNow(pair.provider, 'q');
  await pair.provider.execute(`insert into s select g, repeat('x', 60) from generate_series(1, 60000) g`);
  const last = await tickNow(pair.provider, 'q');
  const after = Daemons.replay(pair, { memoryBytes });
  await reach(pair, last, 60_000);
  for (const table of ['s', 'a', 'b']) await isEqual(pair, table);
  await after.stop();
});

test('made anew on the subscriber, then copied: no statement prepared for the old one is used', async () => {
  const pair = await createPair('newest', 'newest');
  await both(pair, 'create table t (id int primary key, v text)');
  const replay = Daemons.replay(pair);
  await subscribeByHand(pair, ['t']);
  for (let n = 0; n < 3; n += 1) {
    await pair.provider.execute(`insert into t values (${n}, 'a'); update t set v = 'b'`);
    await replayed(pair);
  }
  await pair.subscriber.execute('drop table t; create table t (id int primary key, v text)');
  await resyncTables(pair.ends, ['t']);
  await eventually(async () => {
    await tickNow(pair.provider, 'q');
    return states(pair);
  }, ['ok']);
  await pair.provider.execute(
    `insert into t values (10, 'a'); update t set v = 'c' where id = 1; delete from t where id = 0`,
  );
  await replayed(pair);
  expect(await states(pair)).toEqual(['ok']);
  await isEqual(pair, 't');
  await replay.stop();
});

test('a key that became wider on the provider deletes no row that it would be cut to', async () => {
  const pair = await createPair('newest', 'oldest');
  await both(
    pair,
    'create table t (id varchar(3) primary key, v text); create table n (id numeric(10,2) primary key, v text)',
  );
  const replay = Daemons.replay(pair);
  await pair.provider.execute(`insert into t values ('abc', 'keep'); insert into n values (1.23, 'keep')`);
  await subscribeByHand(pair, ['t', 'n']);
  await pair.provider.execute(
    'alter table t alter id type varchar(10); alter table n alter id type numeric(12,4)',
  );
  await pair.provider.execute(`insert into t values ('abcdef', 'x'); insert into n values (1.234, 'x')`);
  await pair.provider.execute(`delete from t where id = 'abcdef'; delete from n where id = 1.234`);
  await replayed(pair);
  const kept = await pair.subscriber.query('select id::text from t union all select id::text from n');
  expect(kept).toEqual([{ id: 'abc' }, { id: '1.23' }]);
  await replay.stop();
});

test('a table that the role may not write any more parks, the others go on', async () => {
  const pair = await createPair('newest', 'newest');
  await both(pair, 'create table t (id int primary key); create table o (id int primary key)');
  const replay = Daemons.replay(pair);
  await subscribeByHand(pair, ['t', 'o']);
  await asSuperuser(
    pair.subscriberSettings.port,
    (admin) => admin.execute('alter table t owner to current_user'),
    pair.subscriberSettings.database,
  );
  await pair.provider.execute('insert into t values (1); insert into o values (1)');
  await replayed(pair);
  expect(await states(pair)).toEqual(['parked', 'ok']);
  expect((await listTables(pair.subscriber, pair.name))[0]?.errorSqlstate).toBe('42501');
  await isEqual(pair, 'o');
  await replay.stop();
});

test('an event that cannot be read does not park a table that is copied anew meanwhile', async () => {
  const pair = await createPair('newest', 'newest');
  await both(pair, 'create table t (id int primary key, v text)');
  const replay = Daemons.replay(pair);
  await subscribeByHand(pair, ['t']);
  await pair.provider.execute(`insert into t values (1, 'a')`);
  await replayed(pair);
  await pair.provider.query(`select pgq.insert_event('q', 'odd', 'x', 'public.t', null, null, null)`);
  await resyncTables(pair.ends, ['t']);
  await eventually(() => states(pair), ['ready']);
  await replayed(pair);
  expect(await states(pair)).toEqual(['ok']);
  await isEqual(pair, 't');
  await replay.stop();
});

test('a foreign key that is made later does not stop a TRUNCATE', async () => {
  const pair = await createPair('newest', 'newest');
  await both(pair, 'create table t (id int primary key); create table o (id int primary key, t int)');
  const subscriberSettings = { ...pair.subscriberSettings, user: superuser };
  const replay = Daemons.replay({ ...pair, subscriberSettings });
  await subscribeByHand(pair, ['t', 'o']);
  await pair.provider.execute('insert into t values (1); insert into o values (1, 1)');
  await replayed(pair);
  await both(pair, 'alter table o add foreign key (t) references t');
  await pair.provider.execute('truncate t, o');
  await replayed(pair);
  expect(await states(pair)).toEqual(['ok', 'ok']);
  for (const table of ['t', 'o']) await isEqual(pair, table);
  await replay.stop();
});

test('a foreign key that is made later, where the role cannot keep it from acting, parks the table', async () => {
  const pair = await createPair('newest', 'oldest');
  await both(pair, 'create table t (id int primary key); create table o (id int primary key, t int)');
  const replay = Daemons.replay(pair);
  await subscribeByHand(pair, ['t', 'o']);
  await pair.provider.execute('insert into t values (1); insert into o values (1, 1)');
  await replayed(pair);
  await pair.subscriber.execute('alter table o add foreign key (t) references t on delete cascade');
  await pair.provider.execute('delete from t');
  await replayed(pair);
  expect(await states(pair)).toEqual(['parked', 'ok']);
  const [parked] = await listTables(pair.subscriber, pair.name);
  expect(parked?.errorHint).toContain('session_replication_role');
  await isEqual(pair, 'o');
  await replay.stop();
});

test('a key that is written in another way after an ALTER is still the same key', async () => {
  const pair = await createPair('newest', 'oldest');
  await both(pair, 'create table t (id numeric(10,2) primary key, v text)');
  const replay = Daemons.replay(pair);
  await subscribeByHand(pair, ['t']);
  await pair.subscriber.execute('alter table t alter id type numeric(12,4)');
  await pair.provider.execute(`insert into t values (1, 'a'), (2, 'b'), (3, 'c')`);
  await pair.provider.execute('alter table t alter id type numeric(12,4)');
  await pair.provider.execute(`delete from t where id = 3; update t set v = 'x' where id = 2`);
  await replayed(pair);
  expect(await states(pair)).toEqual(['ok']);
  const ids = await pair.subscriber.query('select trim_scale(id)::text as id, v from t order by id');
  expect(ids).toEqual([
    { id: '1', v: 'a' },
    { id: '2', v: 'x' },
  ]);
  await replay.stop();
});

test('keys that differ in a byte order mark are two keys', async () => {
  const pair = await createPair('oldest', 'newest');
  await both(pair, 'create table t (id text primary key, v int)');
  const replay = Daemons.replay(pair);
  await subscribeByHand(pair, ['t']);
  await pair.provider.execute(`insert into t values (U&'\\FEFFabc', 1), ('abc', 2)`);
  await replayed(pair);
  await pair.provider.execute('delete from t where v = 1');
  await replayed(pair);
  expect(await pair.subscriber.query('select v from t')).toEqual([{ v: 2 }]);
  await replay.stop();
});

test('a key that is generated, in batches small and large', async () => {
  const pair = await createPair('newest', 'newest');
  await both(
    pair,
    'create table t (id int generated always as (a + 1) stored primary key, a int, u int unique)',
  );
  const replay = Daemons.replay(pair, { memoryBytes: 1024 * 1024 });
  await subscribeByHand(pair, ['t']);
  await pair.provider.execute('insert into t (a, u) select g, g from generate_series(1, 20000) g');
  await replayed(pair);
  await pair.provider.execute(
    'update t set u = -u where a % 2 = 0; update t set a = a + 100000 where a % 3 = 0',
  );
  await replayed(pair);
  await pair.provider.execute('update t set u = 0 where a = 1; delete from t where a = 2');
  await replayed(pair);
  expect(await states(pair)).toEqual(['ok']);
  await isEqual(pair, 't');
  await replay.stop();
});

test('a sequence that cannot be set does not hold up the tables', async () => {
  const pair = await createPair('oldest', 'newest');
  await both(pair, 'create table t (id int primary key); create sequence s; create sequence good');
  const replay = Daemons.replay(pair);
  await subscribeByHand(pair, ['t']);
  for (const sequence of ['s', 'good']) {
    await providerAddSeq(pair.provider, 'q', `public.${sequence}`);
    await addSubscriberSequences(pair.ends, [sequence]);
  }
  await pair.subscriber.execute('alter sequence s maxvalue 5');
  await pair.provider.execute(`select setval('s', 77), setval('good', 77); insert into t values (1)`);
  await replayed(pair);
  await isEqual(pair, 't');
  await eventually(
    async () => (await pair.subscriber.one<{ n: number }>('select last_value as n from good')).n,
    77,
  );
  await pair.subscriber.execute('alter sequence s maxvalue 1000');
  await eventually(
    async () => (await pair.subscriber.one<{ n: number }>('select last_value as n from s')).n,
    77,
  );
  await replay.stop();
});
