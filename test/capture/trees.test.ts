/** Inheritance trees on both sides: each member has rows of its own, also where another has the same key. */
import { describe, expect, test } from 'vitest';
import { addProviderTables } from '../../src/setup/provider.js';
import { digest, followByHand, reach, tickNow } from '../support/hand-ticks.js';
import { createPair, Daemons } from '../support/pair.js';

const tree = `create table parent (id int primary key, code int unique, v text);
  create table child (more text default 'm', primary key (id)) inherits (parent)`;

/** Few rows go in one way, many in another. */
describe.each([
  ['few', 5],
  ['many', 1000],
])('%s rows', (_, count) => {
  test.each([
    ['oldest', 'newest'],
    ['newest', 'oldest'],
  ] as const)('provider %s, subscriber %s', async (there, here) => {
    const pair = await createPair(there, here);
    const { provider, subscriber, name } = pair;
    for (const session of [provider, subscriber]) await session.execute(tree);
    await provider.execute(`insert into parent select n, n, 'parent' from generate_series(1, ${count}) n;
      insert into child select n, n, 'child' from generate_series(1, ${count}) n`);
    await addProviderTables(provider, name.queue, ['parent', 'child']);
    Daemons.replay(pair, { loopDelayMs: 20 });
    await followByHand(pair, ['parent', 'child']);
    const sources = ['(select * from only parent)', 'child'];
    for (const batch of [
      'select 1',
      `update only parent set v = 'changed'`,
      'update only parent set id = id + 5000, code = code + 5000 where id % 2 = 0',
      'delete from only parent where id % 2 = 1',
      `insert into parent select id, id, 'again' from child; update child set more = null where id % 2 = 1`,
      'update only parent set code = id + 10000',
      'delete from child where id % 3 = 0; truncate only parent',
      `insert into parent values (1, 1, 'last'); truncate parent; insert into child values (7, 7, 'last', 'n')`,
    ]) {
      await provider.execute(batch);
      await reach(pair, await tickNow(provider, name.queue));
      expect(await digest(subscriber, sources), batch).toBe(await digest(provider, sources));
    }
  });
});
