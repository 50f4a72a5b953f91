/** Tables that reference each other, with triggers on the subscriber, for a role that may keep them from acting (I9). */
import { expect, test } from 'vitest';
import { superuser } from '../../src/embedded/server.js';
import { addProviderTables } from '../../src/setup/provider.js';
import { resyncTables } from '../../src/setup/resync.js';
import { addSubscriberTables, listTables } from '../../src/setup/subscriber-tables.js';
import { open } from '../support/databases.js';
import { eventually, tickerRuns } from '../support/eventually.js';
import { createPair, Daemons, fingerprint } from '../support/pair.js';

const tables = `create table parent (id int primary key, name text);
  create table child (id int primary key, parent_id int references parent on delete cascade on update cascade deferrable, boss int references child)`;

test('cascades, truncates and copies of tables that reference each other', async () => {
  const pair = await createPair('newest', 'oldest');
  const { provider, subscriber, ends, name } = pair;
  await provider.execute(tables);
  await subscriber.execute(`${tables};
    create function refuse() returns trigger language plpgsql as $$begin raise exception 'replay must not fire this'; end$$;
    create trigger refuse before insert or update or delete on child for each row execute function refuse()`);
  await provider.execute(`insert into parent select n, 'p' from generate_series(1, 50) n;
    insert into child select n, 1 + n % 50, nullif(n - 1, 0) from generate_series(1, 500) n`);
  Daemons.ticker(pair);
  const replay = Daemons.replay({
    ...pair,
    subscriberSettings: { ...pair.subscriberSettings, user: superuser },
  });
  await addProviderTables(provider, name.queue, ['parent', 'child']);
  await tickerRuns(provider);
  await expect(addSubscriberTables(ends, ['parent', 'child'])).rejects.toThrow('foreign keys');
  await using mighty = await open({ ...pair.subscriberSettings, user: superuser });
  await addSubscriberTables({ ...ends, subscriber: mighty }, ['parent', 'child']);
  const states = async (): Promise<string[]> =>
    (await listTables(subscriber, name)).map(({ state, error }) => error ?? state);
  const equal = async (): Promise<void> => {
    for (const table of ['parent', 'child']) {
      await eventually(() => fingerprint(subscriber, table), await fingerprint(provider, table));
    }
  };
  await eventually(states, ['ok', 'ok']);
  await equal();

  await provider.execute(
    'update child set boss = null where boss % 10 in (3, 4); update parent set id = id + 1000 where id < 10',
  );
  await equal();
  await provider.execute('update child set boss = null; delete from parent where id % 2 = 0');
  await equal();
  await provider.execute(
    'begin; set constraints all deferred; delete from child where id = 3; insert into child values (3, 2000); insert into parent values (2000); commit',
  );
  await equal();
  await resyncTables(ends, ['parent']);
  await provider.execute(`insert into parent select n, 'new' from generate_series(3000, 3100) n`);
  await eventually(states, ['ok', 'ok']);
  await equal();
  await provider.execute(
    'begin; truncate parent, child; insert into parent values (1); insert into child values (1, 1, 1); commit',
  );
  await equal();

  // Both are emptied while one is being copied, and a table that is not replicated references the other.
  await subscriber.execute('create table report (parent_id int references parent)');
  await resyncTables(ends, ['child']);
  await provider.execute('truncate parent, child');
  await provider.execute(`insert into parent values (5, 'after'); insert into child values (5, 5)`);
  await eventually(states, ['ok', 'ok']);
  await equal();
  await replay.stop();
});
