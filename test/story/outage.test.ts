/** A subscriber server that is down while the provider goes on, and a provider server that is. */
import { describe, expect, test } from 'vitest';
import { quickSettings } from '../support/clusters.js';
import { createDatabase, open } from '../support/databases.js';
import { becomeEqual } from '../support/equality.js';
import { eventually } from '../support/eventually.js';
import { Installation } from '../support/installation.js';
import { ownServer } from '../support/own-server.js';
import { isLong } from '../support/random-stories.js';

describe('a server of its own that goes away and comes back', () => {
  // A commit that waits for nobody stays in memory for long, to be lost with a crash.
  const lazy = { wal_writer_delay: '10s', wal_writer_flush_after: '1GB' };
  const server = ownServer('newest', { ...quickSettings, ...lazy });

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
      for (let n = 0; n < 100; n += 1) {
        await provider.execute(`insert into entry (item) select 'while down ${n}' from generate_series(1, 50);
        update entry set item = item || '.' where id in (select id from entry order by id desc limit 40);
        delete from entry where id in (select id from entry order by id limit 10)`);
      }
      await eventually(() => user.log('lmaster_to_slave').includes('retryInMs'), true);
      await server().start();
      await becomeEqual(sides, { sequence: 'entry_id_seq' });
      expect(user.pid('lmaster_to_slave')).toBeDefined();
      await user.stop();
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
    await user.stop();
  });

  test(
    'subscriber crashes while replay is behind: the consumer never stands past what is on its disk',
    { timeout: 180_000 },
    async () => {
      const sides = {
        provider: await createDatabase('oldest'),
        subscriber: await createDatabase({ port: server().port }),
      };
      const user = new Installation(sides.provider, sides.subscriber);
      await user.createEntry();
      await user.replicateEntry();
      await becomeEqual(sides);
      await using provider = await open(sides.provider);
      const times = isLong ? 6 : 3;
      let [crashes, lost] = [0, 0];
      for (; crashes < times; crashes += 1) {
        await user.stop('lmaster_to_slave');
        // Each tick is more than a first batch holds, so that several batches are committed one after the other.
        for (let n = 0; n < 5; n += 1) {
          await provider.execute(
            `insert into entry (item) select 'row ' || g from generate_series(1, 26000) g`,
          );
          await provider.execute(`select pgq.force_tick('londiste.write'), pgq.ticker('londiste.write')`);
        }
        // Waits in the middle of the batches that a crash may undo, for as long as the crash takes.
        await user.must('londiste replica.ini replay -d', {
          LONDISTE_TAP: `replay.finished=wait:${2 + (crashes % 2)}`,
        });
        const seen = async (): Promise<number> => {
          await using subscriber = await open(sides.subscriber);
          return (
            await subscriber.one<{ t: number }>('select coalesce(tick_id, 0) as t from londiste.position')
          ).t;
        };
        const waits = (): number => user.log('lmaster_to_slave').split('tap replay.finished').length - 1;
        await eventually(waits, crashes + 1, 30_000);
        const committed = await seen();
        await server().stop('immediate');
        await server().start();
        const { consumer } = await provider.one<{ consumer: number }>(
          `select last_tick as consumer from pgq.get_consumer_info('londiste.write', 'lmaster_to_slave')`,
        );
        const kept = await seen();
        expect(consumer).toBeLessThanOrEqual(kept);
        if (kept < committed) lost += 1;
        user.kill('lmaster_to_slave');
        await user.gone('lmaster_to_slave');
        await user.must('londiste replica.ini replay -d');
        await becomeEqual(sides, { sequence: 'entry_id_seq' });
      }
      console.log(`${crashes} crashes, ${lost} of them undid commits`);
      expect(lost).toBeGreaterThan(0);
      await user.stop();
    },
  );
});
