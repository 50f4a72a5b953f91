/** Copies that an operator pauses, lets go on, and cancels. */
import { expect, test } from 'vitest';
import { arm, disarmAll } from '../../src/kernel/tap.js';
import { open } from '../support/databases.js';
import { cancelCopies, pauseCopies, resumeCopies } from '../../src/setup/copies.js';
import { resyncTables } from '../../src/setup/resync.js';
import { addSubscriberTables, retryTables } from '../../src/setup/subscriber-tables.js';
import { definitionsOf } from '../support/definitions.js';
import { eventually } from '../support/eventually.js';
import { useEntry } from './entry.js';

const entryOf = useEntry();

test('a paused copy ends after its ranges, stays so over a restart, and goes on with the rest', async () => {
  const entry = entryOf();
  const definitions = await definitionsOf(entry.pair.subscriber, 'entry');
  await entry.start();
  let landed = 0;
  let paused: Promise<unknown> | undefined;
  const pause = async (): Promise<void> => {
    await using session = await open(entry.pair.subscriberSettings);
    await pauseCopies({ ...entry.ends, subscriber: session }, []);
  };
  arm('copy.range-landed', async () => {
    landed += 1;
    if (landed === 5) paused = pause();
    await paused;
  });
  await addSubscriberTables(entry.ends, ['entry']);
  await eventually(async () => (await entry.table())?.isPaused, true);
  await entry.stopReplay();
  // What a connection that was cut off had asked for may still be committed.
  await eventually(
    () =>
      entry.pair.subscriber.query(
        `select application_name from pg_stat_activity
          where datname = current_database() and backend_type = 'client backend' and application_name <> 'test'`,
      ),
    [],
  );
  const { done } = await entry.ranges();
  expect(done).toBeGreaterThanOrEqual(5);
  // The other connection may have been amid one.
  expect(done).toBeLessThanOrEqual(6);
  await entry.write(1);
  await entry.startReplay();
  // What a pass does not begin is seen once another table has gone through it.
  await entry.on('subscriber', 'create table other (id int primary key)');
  await entry.pair.provider.execute('create table other (id int primary key)');
  await entry.pair.provider.query(`select londiste.provider_add_table('q', 'public.other')`);
  await addSubscriberTables(entry.ends, ['other']);
  await eventually(
    () => entry.pair.subscriber.query('select state, copy_paused from londiste.table_state order by nr'),
    [
      { state: 'copying', copy_paused: true },
      { state: 'ok', copy_paused: false },
    ],
  );
  expect((await entry.ranges()).done).toBe(done);
  expect(await resumeCopies(entry.ends, [])).toEqual(['public.entry']);
  await entry.isEqual();
  expect((await entry.ranges()).snapshots).toBe(2);
  expect((await entry.table())?.isPaused).toBe(false);
  expect(await definitionsOf(entry.pair.subscriber, 'entry')).toEqual(definitions);
});

test('a table that is paused before its copy begins does not begin', async () => {
  const entry = entryOf();
  await entry.startCopied();
  await entry.stopReplay();
  await resyncTables(entry.ends, ['entry']);
  await pauseCopies(entry.ends, ['entry']);
  await entry.pair.subscriber.execute(`update entry set item = 'here' where id = 1`);
  await entry.startReplay();
  await entry.write(2);
  await eventually(
    () =>
      entry.pair.provider.query(
        'select from pgq.get_consumer_info() where last_tick >= (select max(tick_id) from pgq.tick)',
      ),
    [{}],
  );
  expect(await entry.state()).toBe('wanted');
  await resumeCopies(entry.ends, ['entry']);
  await entry.isEqual();
});

test.each(['copy.range-landed-not-committed', 'copy.index-built', 'copy.snapshot-taken'] as const)(
  'cancel at %s stops at once, and retry or resync brings all back',
  async (moment) => {
    const entry = entryOf();
    const definitions = await definitionsOf(entry.pair.subscriber, 'entry');
    await entry.start();
    let visits = 0;
    const cut = new Promise<void>((resolve) => {
      arm(moment, async () => {
        visits += 1;
        if (visits !== (moment === 'copy.range-landed-not-committed' ? 3 : 1)) return;
        // In the middle of it: what follows comes after the copier was cut off.
        const ended = async (): Promise<number> =>
          (
            await entry.pair.subscriber.query(
              `select from pg_stat_activity where datname = current_database() and application_name = 'londiste c copy'`,
            )
          ).length;
        await cancelCopies(entry.ends, []);
        await eventually(ended, 0, 2_000);
        resolve();
      });
    });
    await addSubscriberTables(entry.ends, ['entry']);
    await cut;
    const parked = await entry.table();
    expect([parked?.state, parked?.error]).toEqual(['parked', 'its copy was cancelled by an operator']);
    disarmAll();
    await entry.write(1);
    if (moment === 'copy.index-built') await retryTables(entry.ends, ['entry']);
    else await resyncTables(entry.ends, ['entry']);
    await entry.isEqual();
    expect(await definitionsOf(entry.pair.subscriber, 'entry')).toEqual(definitions);
  },
);

test('cancel amid a range that waits stops within a second or so, and others go on', async () => {
  const entry = entryOf();
  await entry.startCopied();
  // A range whose rows wait: the copy's insert fires nothing, so the reader is held up by a lock on the subscriber.
  await using locker = await open(entry.pair.subscriberSettings);
  await locker.execute('begin; lock table entry in access exclusive mode');
  await resyncTables(entry.ends, ['entry']);
  // Until it waits, and may be told of it.
  await eventually(
    async () =>
      (
        await entry.pair.subscriber.query(
          `select from pg_stat_activity where datname = current_database() and wait_event_type = 'Lock'`,
        )
      ).length,
    1,
  );
  const began = Date.now();
  await cancelCopies(entry.ends, ['entry']);
  await eventually(
    async () =>
      (
        await entry.pair.provider.query(
          `select from pg_stat_activity where datname = current_database() and application_name = 'londiste c copy feed'`,
        )
      ).length,
    0,
  );
  const took = Date.now() - began;
  console.log(`cancel amid a range: ${took} ms`);
  expect(took).toBeLessThan(2_000);
  await locker.execute('rollback');
  expect(await entry.state()).toBe('parked');
  await retryTables(entry.ends, ['entry']);
  await entry.isEqual();
});

test('what has no copy is told so, and nothing is changed', async () => {
  const entry = entryOf();
  await entry.startCopied();
  await expect(pauseCopies(entry.ends, ['entry'])).rejects.toThrow(
    'table public.entry is not being copied, its state is ok',
  );
  await expect(cancelCopies(entry.ends, ['entry'])).rejects.toThrow(
    'table public.entry is not being copied, its state is ok',
  );
  await expect(resumeCopies(entry.ends, ['entry'])).rejects.toThrow(
    'the copy of table public.entry is not paused',
  );
  await expect(cancelCopies(entry.ends, [])).rejects.toThrow('no table is being copied');
  await expect(resumeCopies(entry.ends, [])).rejects.toThrow('no copy is paused');
  await expect(pauseCopies(entry.ends, ['nothing'])).rejects.toThrow(
    'table public.nothing is not in this subscription',
  );
  expect(await entry.state()).toBe('ok');
});
