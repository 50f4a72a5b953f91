/** Copies: what is kept on the provider and for how long, and what happens to one that is cut off at each of its moments. */
import { afterEach, beforeEach, expect, test } from 'vitest';
import { LondisteError } from '../../src/kernel/errors.js';
import { arm, disarmAll, type Moment } from '../../src/kernel/tap.js';
import { addProviderTables, removeProviderTables } from '../../src/setup/provider.js';
import { resyncTables } from '../../src/setup/resync.js';
import {
  addSubscriberTables,
  listTables,
  removeSubscriberTables,
} from '../../src/setup/subscriber-tables.js';
import { getConsumerInfo } from '../../src/pgq/consumer.js';
import { open } from '../support/databases.js';
import { eventually, tickerRuns } from '../support/eventually.js';
import { createPair, Daemons, fingerprint, type Pair } from '../support/pair.js';

let pair: Pair;
let replay: Daemons;

beforeEach(async () => {
  pair = await createPair('oldest', 'newest');
  for (const session of [pair.provider, pair.subscriber]) {
    await session.execute(
      'create table entry (id int primary key, item text); create table other (id int primary key)',
    );
  }
  await pair.provider.execute(`insert into entry select n, 'old' from generate_series(1, 2000) n`);
  Daemons.ticker(pair);
  replay = Daemons.replay(pair);
  await addProviderTables(pair.provider, pair.name.queue, ['entry', 'other']);
  await tickerRuns(pair.provider);
});

afterEach(async () => {
  disarmAll();
  await replay.stop();
});

async function states(): Promise<string[]> {
  return (await listTables(pair.subscriber, pair.name)).map(({ state }) => state);
}

async function equal(): Promise<void> {
  await eventually(() => fingerprint(pair.subscriber, 'entry'), await fingerprint(pair.provider, 'entry'));
}

function holdConsumer(): ReturnType<typeof getConsumerInfo> {
  return getConsumerInfo(pair.provider, pair.name.queue, `${pair.name.consumer}.hold`);
}

/** Stops the copier at a moment: `reached` resolves there, `release` lets it go on. */
function pauseAt(moment: Moment): { reached: Promise<void>; release: () => void } {
  let release = (): void => undefined;
  const released = new Promise<void>((resolve) => (release = resolve));
  const reached = new Promise<void>((resolve) => {
    arm(moment, async () => {
      resolve();
      await released;
    });
  });
  return { reached, release };
}

test('events are held from before the snapshot until replay has the table, and no longer (I8)', async () => {
  const { reached, release } = pauseAt('copy.snapshot-taken');
  await addSubscriberTables(pair.ends, ['entry']);
  await reached;
  const held = (await holdConsumer())?.lastTick ?? 0;
  await pair.provider.execute(
    `insert into entry select n, 'while copying' from generate_series(3001, 3100) n; delete from entry where id <= 10`,
  );
  await pair.provider.execute('insert into other values (1)');
  await addSubscriberTables(pair.ends, ['other']);
  await eventually(
    async () =>
      ((await getConsumerInfo(pair.provider, pair.name.queue, pair.name.consumer))?.lastTick ?? 0) > held,
    true,
  );
  expect((await holdConsumer())?.lastTick).toBe(held);
  release();
  await eventually(states, ['ok', 'ok']);
  await equal();
  await eventually(holdConsumer, undefined);
});

test('a copy that fails at any of its moments starts over or goes on, and the table is right', async () => {
  const hits: string[] = [];
  await addSubscriberTables(pair.ends, ['entry']);
  await eventually(states, ['ok']);
  for (const moment of [
    'copy.snapshot-taken',
    'copy.rows-landed-not-committed',
    'copy.landed',
    'copy.caught-up',
  ] as const) {
    let thrown = 0;
    arm(moment, () => {
      thrown += 1;
      if (thrown === 1) throw new LondisteError('cancelled', `tap ${moment}`);
    });
    // A tick between copy and catching up, so that there is something to catch up with.
    arm('copy.landed', async () => {
      if (moment === 'copy.landed') {
        thrown += 1;
        if (thrown === 1) throw new LondisteError('cancelled', `tap ${moment}`);
      }
      const { last } = await pair.provider.one<{ last: number }>('select max(tick_id) as last from pgq.tick');
      await pair.provider.execute(`update entry set item = '${moment}' where id % 3 = 0`);
      await eventually(
        async () => (await pair.provider.query('select from pgq.tick where tick_id > $1', [last])).length > 0,
        true,
      );
    });
    await resyncTables(pair.ends, ['entry']);
    await pair.provider.execute(
      `update entry set item = item || '.' where id % 7 = 0; delete from entry where id % 100 = ${hits.length}`,
    );
    await eventually(states, ['ok'], 30_000);
    await equal();
    expect([moment, thrown > 0]).toEqual([moment, true]);
    hits.push(`${moment} ${thrown}`);
    disarmAll();
  }
  console.log(`copies that failed: ${hits.join(', ')}`);
});

test('removed during its copy: the copy is given up and changes nothing', async () => {
  await pair.subscriber.execute(`insert into entry values (-1, 'mine')`);
  const { reached, release } = pauseAt('copy.rows-landed-not-committed');
  await addSubscriberTables(pair.ends, ['entry']);
  await reached;
  await removeSubscriberTables(pair.ends, ['entry']);
  release();
  await eventually(holdConsumer, undefined);
  expect(await states()).toEqual([]);
  expect(await pair.subscriber.query('select id from entry')).toEqual([{ id: -1 }]);
});

test('a large table under writes is caught up with before replay takes it', async () => {
  const stop = Date.now() + 4_000;
  const writing = (async () => {
    await using session = await open(pair.providerSettings, 'writer');
    for (let n = 0; Date.now() < stop; n += 1) {
      await session.execute(
        `update entry set item = '${n}' where id = ${1 + (n % 2000)}; insert into entry values (${10_000 + n}, 'new')`,
      );
    }
  })();
  await addSubscriberTables(pair.ends, ['entry']);
  for (let n = 0; n < 3; n += 1) {
    await eventually(states, ['ok']);
    await resyncTables(pair.ends, ['entry']);
  }
  await writing;
  await eventually(states, ['ok']);
  await equal();
});

test('removed while it catches up: nothing is written into it any more', async () => {
  const { reached, release } = pauseAt('copy.landed');
  await addSubscriberTables(pair.ends, ['entry']);
  await reached;
  await pair.provider.execute(`update entry set item = 'after the copy'`);
  // A tick that was taken while the update ran would leave nothing to catch up with.
  await eventually(
    async () =>
      (
        await pair.provider.query(
          'select from pgq.tick where tick_event_seq >= (select last_value from pgq.event_1_id_seq)',
        )
      ).length > 0,
    true,
  );
  // The table is catching up once the copier goes on; whoever removes it then waits for no more than a moment.
  await pair.subscriber.execute('begin; lock table entry in share mode');
  release();
  await eventually(states, ['catching-up']);
  {
    await using operator = await open(pair.subscriberSettings, 'operator');
    await removeSubscriberTables({ ...pair.ends, subscriber: operator }, ['entry']);
  }
  await pair.subscriber.execute('commit');
  await eventually(holdConsumer, undefined);
  expect(await pair.subscriber.query(`select from entry where item = 'after the copy'`)).toEqual([]);
});

test('taken out of the set and added again: what was missed meanwhile is copied', async () => {
  await addSubscriberTables(pair.ends, ['entry']);
  await eventually(states, ['ok']);
  await removeProviderTables(pair.provider, pair.name.queue, ['entry']);
  await pair.provider.execute(`insert into entry values (9001, 'missed'); delete from entry where id = 5`);
  await eventually(
    async () =>
      (await listTables(pair.subscriber, pair.name)).map(({ error }) => error?.includes('not in the set')),
    [true],
  );
  await addProviderTables(pair.provider, pair.name.queue, ['entry']);
  await pair.provider.execute(`insert into entry values (9002, 'captured')`);
  await eventually(states, ['ok'], 40_000);
  await equal();
});

test('a table that is made anew on the subscriber with its columns in another order', async () => {
  await pair.provider.execute('create table wide (id int primary key, x text, y text)');
  await pair.subscriber.execute('create table wide (id int primary key, y text, x text)');
  await addProviderTables(pair.provider, pair.name.queue, ['wide']);
  await addSubscriberTables(pair.ends, ['wide']);
  await eventually(states, ['ok']);
  await pair.provider.execute(`insert into wide values (1, 'x', 'y')`);
  const rows = (): Promise<object[]> => pair.subscriber.query('select id, x, y from wide order by id');
  await eventually(rows, [{ id: 1, x: 'x', y: 'y' }]);
  await pair.subscriber.execute('drop table wide; create table wide (id int primary key, x text, y text)');
  await resyncTables(pair.ends, ['wide']);
  await eventually(states, ['ok']);
  await pair.provider.execute(`update wide set x = 'X', y = 'Y'`);
  await eventually(rows, [{ id: 1, x: 'X', y: 'Y' }]);
  await pair.subscriber.execute('alter table wide drop column x; alter table wide add column x text');
  await pair.provider.execute(`update wide set x = 'again', y = 'and again'`);
  await eventually(rows, [{ id: 1, x: 'again', y: 'and again' }]);
});
