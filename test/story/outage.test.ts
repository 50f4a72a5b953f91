/** A subscriber server that is down while the provider goes on, and a provider server that is. */
import { describe, expect, test } from 'vitest';
import { createDatabase, open } from '../support/databases.js';
import { becomeEqual } from '../support/equality.js';
import { eventually } from '../support/eventually.js';
import { Installation } from '../support/installation.js';
import { ownServer } from '../support/own-server.js';

describe('a server of its own that goes away and comes back', () => {
  const server = ownServer('newest');

  test(
    'subscriber stopped while the provider takes 10,000 changes: equal without a human',
    { timeout: 120_000 },
    async () => {
      const sides = {
        provider: await createDatabase('oldest'),
        subscriber: await createDatabase({ port: server().port }),
      };
      const user = new Installation(sides.provider, sides.subscriber);
      await using provider = await open(sides.provider);
      await user.createEntry();
      await user.replicateEntry();
      await provider.execute(`insert into entry (item) select 'before' from generate_series(1, 1000)`);
      await becomeEqual(sides, { sequence: 'entry_id_seq' });

      await server().stop('fast');
      for (let n = 0; n < 1000; n += 1) {
        await provider.execute(`insert into entry (item) select 'while down ${n}' from generate_series(1, 5);
        update entry set item = item || '.' where id in (select id from entry order by id desc limit 4);
        delete from entry where id = (select min(id) from entry)`);
      }
      await eventually(() => user.log('lmaster_to_slave').includes('retryInMs'), true);
      await server().start();
      await becomeEqual(sides, { sequence: 'entry_id_seq' });
      expect(user.pid('lmaster_to_slave')).toBeDefined();
      await user.must('londiste replica.ini -s');
      await user.must('pgqadm ticker.ini -s');
    },
  );

  test('provider crashes and comes back: ticker and replay go on', { timeout: 120_000 }, async () => {
    const sides = {
      provider: await createDatabase({ port: server().port }),
      subscriber: await createDatabase('oldest'),
    };
    const user = new Installation(sides.provider, sides.subscriber);
    await user.createEntry();
    await user.replicateEntry();
    {
      await using provider = await open(sides.provider);
      await provider.execute(`insert into entry (item) select 'before' from generate_series(1, 1000)`);
    }
    await becomeEqual(sides);
    await server().stop('immediate');
    await server().start();
    await using provider = await open(sides.provider);
    await provider.execute(`insert into entry (item) select 'after' from generate_series(1, 1000)`);
    await becomeEqual(sides, { sequence: 'entry_id_seq' });
    await user.must('londiste replica.ini -s');
    await user.must('pgqadm ticker.ini -s');
  });
});
