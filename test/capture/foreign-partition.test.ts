/** Partitions that are foreign tables: nobody here sees what is written where they are. */
import { beforeAll, describe, expect, test } from 'vitest';
import { addProviderTables, checkProvider } from '../../src/setup/provider.js';
import { asSuperuser } from '../support/databases.js';
import { digest, followByHand, reach, tickNow } from '../support/hand-ticks.js';
import { createPair, Daemons, type Pair } from '../support/pair.js';

describe.each(['oldest', 'newest'] as const)('%s server', (which) => {
  let pair: Pair;

  beforeAll(async () => {
    pair = await createPair(which, which);
    const { port, user, database } = pair.providerSettings;
    await asSuperuser(
      port,
      (root) =>
        root.execute(`create extension postgres_fdw;
          create server far foreign data wrapper postgres_fdw options (host '127.0.0.1', port '${port}', dbname '${database}');
          create user mapping for ${user} server far options (user '${user}', password_required 'false');
          grant usage on foreign server far to ${user}`),
      database,
    );
    Daemons.replay(pair, { loopDelayMs: 20 });
  });

  /** A table of which one partition lies elsewhere: no such table can have a unique index. */
  const split = (
    name: string,
  ): string => `create table ${name} (id int not null, v text) partition by range (id);
    create table ${name}_near partition of ${name} for values from (0) to (100);
    create table ${name}_remote (id int not null, v text)`;
  const far = (name: string): string =>
    `create foreign table ${name}_far partition of ${name} for values from (100) to (200) server far options (table_name '${name}_remote')`;

  async function faultsOf(name: string): Promise<{ what: string; fix: string }[]> {
    const { faults } = await checkProvider(pair.provider, pair.name.queue);
    return faults
      .filter(({ object }) => object === `table public.${name}`)
      .map(({ what, fix }) => ({ what, fix }));
  }

  test('with one a table is refused', async () => {
    await pair.provider.execute(`${split('there')}; ${far('there')}`);
    const add = (): Promise<string[]> =>
      addProviderTables(pair.provider, pair.name.queue, ['there'], { identity: 'full' });
    await expect(add()).rejects.toMatchObject({
      message: expect.stringContaining(
        'partition public.there_far of table public.there is a foreign table: what is written there cannot be captured',
      ) as string,
      hint: 'alter table public.there detach partition public.there_far',
    });
    await pair.provider.execute('alter table public.there detach partition there_far');
    expect(await add()).toEqual(['public.there']);
  });

  test('one that comes later is reported, and keeps nothing else from being looked after', async () => {
    const { provider, subscriber } = pair;
    await provider.execute(split('later'));
    await subscriber.execute('create table later (id int not null, v text)');
    await addProviderTables(provider, pair.name.queue, ['later'], { identity: 'full' });
    await followByHand(pair, ['later']);
    await provider.execute(far('later'));
    expect(await faultsOf('later')).toEqual([
      {
        what: 'its partition public.later_far is a foreign table: what is written there is not captured',
        fix: 'alter table public.later detach partition public.later_far',
      },
    ]);
    // What goes through the table is captured, an ALTER is followed, and another partition gets what it needs.
    await provider.execute(`insert into later values (1, 'near'), (101, 'far')`);
    await compare();
    await provider.execute('alter table later_remote add column w int');
    await provider.execute(`alter table later add column w int;
      create table later_new partition of later for values from (200) to (300)`);
    await subscriber.execute('alter table later add column w int');
    const { n } = await provider.one<{ n: number }>('select londiste.refresh_captures() as n');
    expect(n).toBe(1);
    await provider.execute(`insert into later values (2, 'near', 2), (102, 'far', 2), (201, 'new', 3)`);
    await compare();
    await provider.execute(`truncate later_new; insert into later values (202, 'new', 4)`);
    await compare();
    await provider.execute('delete from later_far');
    await provider.execute('alter table later detach partition later_far');
    expect(await faultsOf('later')).toEqual([]);
    await provider.execute(`select londiste.refresh_captures(); update later set v = 'last'`);
    await compare();
  });

  async function compare(): Promise<void> {
    await reach(pair, await tickNow(pair.provider, pair.name.queue));
    expect(await digest(pair.subscriber, ['later'])).toBe(await digest(pair.provider, ['later']));
  }
});
