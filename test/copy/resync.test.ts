/** New copies that are not of everything: no copy at all, one beside rows that stay, one of some rows. */
import { describe, expect, test } from 'vitest';
import { arm, disarmAll } from '../../src/kernel/tap.js';
import { cancelCopies } from '../../src/setup/copies.js';
import { resyncTables } from '../../src/setup/resync.js';
import { addSubscriberTables, retryTables } from '../../src/setup/subscriber-tables.js';
import { unregisterConsumer } from '../../src/pgq/consumer.js';
import { addProviderTables } from '../../src/setup/provider.js';
import { definitionsOf } from '../support/definitions.js';
import { eventually } from '../support/eventually.js';
import { useEntry, type Entry } from './entry.js';

const entryOf = useEntry();

/** Nothing is copied any more from here on: an earlier copy's ranges would show. */
async function noCopy(entry: Entry): Promise<void> {
  expect(await entry.pair.subscriber.query('select from londiste.copy_range')).toEqual([]);
}

async function count(entry: Entry, condition: string): Promise<number> {
  const { n } = await entry.pair.subscriber.one<{ n: number }>(
    `select count(*)::int as n from entry where ${condition}`,
  );
  return n;
}

describe('--expect-sync', () => {
  test('a table is ok without a copy, and changes from the position on are applied', async () => {
    const entry = entryOf();
    await entry.start();
    await expect(addSubscriberTables(entry.ends, ['entry'])).resolves.toBeDefined();
    await entry.isOk();
    await entry.stopReplay();
    await entry.write(1);
    // Equal where the subscription stands, which is before those changes.
    await resyncTables(entry.ends, ['entry'], { expectSync: true });
    expect(await entry.state()).toBe('ok');
    await noCopy(entry);
    await entry.startReplay();
    await entry.write(2);
    await entry.isEqual();
    await noCopy(entry);
  });

  test('while replay runs and has a batch under way, which then streams the table', async () => {
    const entry = entryOf();
    await entry.start();
    await entry.pair.subscriber.execute(
      `insert into entry select n, -n, repeat('x', 80) || n from generate_series(1, 12000) n`,
    );
    let added = 0;
    arm('replay.fetched', async () => {
      if (added > 0) return;
      added += 1;
      await addSubscriberTables(entry.ends, ['entry'], { expectSync: true });
    });
    await entry.write(1);
    await eventually(() => added, 1);
    await entry.isEqual();
    await noCopy(entry);
  });

  test('it is refused where a copy has left indexes out, and before anything was replayed', async () => {
    const entry = entryOf();
    await entry.startCopied();
    let landed = 0;
    arm('copy.range-landed', async () => {
      landed += 1;
      if (landed === 2) await cancelCopies(entry.ends, ['entry']);
    });
    await resyncTables(entry.ends, ['entry']);
    await eventually(entry.state, 'parked');
    await expect(resyncTables(entry.ends, ['entry'], { expectSync: true })).rejects.toThrow(
      'its copy has dropped constraint entry_pkey, constraint entry_code_key, index entry_item and not built it again',
    );
    expect(await entry.state()).toBe('parked');
    disarmAll();
    await entry.stopReplay();
    await entry.pair.subscriber.query(`select londiste.reset_position('q', 'c')`);
    await expect(resyncTables(entry.ends, ['entry'], { expectSync: true })).rejects.toThrow(
      'stands nowhere yet',
    );
  });
});

describe.each([
  ['in ranges', { copyRangeBytes: 64 * 1024 }],
  ['in ranges under several snapshots', { copyRangeBytes: 64 * 1024, copySnapshot: 'range' }],
  ['whole', { copyRangeBytes: 64 * 1024 * 1024 }],
] as const)('%s', (_, settings) => {
  test('--skip-truncate: rows that are here stay, others with the same keys are replaced', async () => {
    const entry = entryOf();
    await entry.startCopied(settings);
    const definitions = await definitionsOf(entry.pair.subscriber, 'entry');
    await entry.pair.subscriber.execute(
      `insert into entry select -n, 5000000 + n, 'only here' from generate_series(1, 100) n;
       update entry set item = 'wrong' where id between 1 and 299; delete from entry where id between 400 and 450`,
    );
    let starts = 0;
    arm('copy.snapshot-taken', async () => {
      starts += 1;
      // Begun anew once, after rows have landed that are deleted meanwhile.
      if (starts > 1) return;
      await entry.write(1);
    });
    await resyncTables(entry.ends, ['entry'], { skipTruncate: true });
    await entry.write(2);
    await entry.isOk();
    await entry.write(3);
    await eventually(() => count(entry, `item = 'wrong'`), 0);
    expect(await count(entry, `item = 'only here'`)).toBe(100);
    await entry.pair.subscriber.execute(`delete from entry where item = 'only here'`);
    await entry.isEqual();
    expect(starts).toBeGreaterThan(0);
    expect(await definitionsOf(entry.pair.subscriber, 'entry')).toEqual(definitions);
  });

  test('--where: rows outside of it are let alone and stay replicated', async () => {
    const entry = entryOf();
    await entry.startCopied(settings);
    const definitions = await definitionsOf(entry.pair.subscriber, 'entry');
    await entry.pair.subscriber.execute(
      `update entry set item = 'wrong' where id between 1 and 5000 and id % 10 = 3;
       update entry set item = 'mine' where id in (6008, 6015);
       delete from entry where id between 1 and 5000 and id % 10 = 4; insert into entry values (-7, 99999999, 'extra')`,
    );
    // Rows within and outside change before the copy's snapshot, and after it; they also move between both.
    await entry.stopReplay();
    await entry.write(1);
    let snapshots = 0;
    arm('copy.snapshot-taken', async () => {
      snapshots += 1;
      if (snapshots === 1) await entry.write(11);
    });
    await resyncTables(entry.ends, ['entry'], { where: 'id <= 5000' });
    await entry.on(
      'provider',
      `update entry set id = id + 20000 where id between 100 and 150; update entry set id = id - 11500 where id between 11600 and 11640`,
    );
    await entry.startReplay(settings);
    await entry.isOk();
    disarmAll();
    await entry.write(4);
    await eventually(() => count(entry, `item in ('wrong', 'extra')`), 0);
    const mine = await count(entry, `item = 'mine'`);
    expect(mine).toBe(2);
    await resyncTables(entry.ends, ['entry'], { where: 'id in (6008, 6015)' });
    await entry.isEqual();
    expect(snapshots).toBeGreaterThan(0);
    expect(await definitionsOf(entry.pair.subscriber, 'entry')).toEqual(definitions);
  });
});

test('--where that is cut off goes on from the position that the other rows stand at; cancelled, all is copied', async () => {
  const entry = entryOf();
  await entry.startCopied();
  let landed = 0;
  arm('copy.range-landed', async () => {
    landed += 1;
    if (landed !== 4) return;
    await entry.write(1);
    await entry.on(
      'provider',
      `select pg_terminate_backend(pid) from pg_stat_activity where datname = current_database() and application_name like 'londiste % copy%'`,
    );
    // Blocks move, so that it begins again.
    await entry.on('provider', 'vacuum full entry');
  });
  await resyncTables(entry.ends, ['entry'], { where: 'id % 2 = 0' });
  await eventually(() => landed > 4, true);
  await entry.isEqual();
  landed = 0;
  arm('copy.range-landed', async () => {
    landed += 1;
    if (landed === 4) await cancelCopies(entry.ends, []);
  });
  await resyncTables(entry.ends, ['entry'], { where: 'id % 2 = 0' });
  await eventually(entry.state, 'parked');
  disarmAll();
  await entry.write(5);
  await retryTables(entry.ends, ['entry']);
  await entry.isEqual();
});

test('--where of a parked table, and what is refused with nothing changed', async () => {
  const entry = entryOf();
  await entry.startCopied();
  const refused: readonly (readonly [string, string])[] = [
    ['nope = 1', 'column "nope" does not exist'],
    ['id = ', 'syntax error'],
    ['id > random()', 'IMMUTABLE'],
    ['true); drop table entry; --', 'syntax error'],
    ['true); drop table entry; select (true', 'multiple commands'],
    ['id = 1; select 1', 'syntax error'],
    ['here = 1', 'on the provider'],
    ['id', 'must be type boolean'],
  ];
  await entry.pair.subscriber.execute('alter table entry add here int');
  for (const [where, said] of refused) {
    const message = await resyncTables(entry.ends, ['entry'], { where }).then(
      () => 'not refused',
      (error: unknown) => String(error),
    );
    expect(message).toContain(said);
    expect(message).not.toContain('\n');
  }
  await expect(resyncTables(entry.ends, ['entry'], { where: 'true', skipTruncate: true })).rejects.toThrow(
    '--skip-truncate and --where do not go together',
  );
  expect(await entry.state()).toBe('ok');

  await entry.pair.subscriber.execute(`alter table entry add constraint no_late check (id < 100000)`);
  await entry.write(1);
  await eventually(entry.state, 'parked');
  await entry.pair.subscriber.execute(
    `alter table entry drop constraint no_late; alter table entry drop here`,
  );
  await entry.pair.subscriber.execute(`update entry set item = 'wrong' where id % 2 = 0`);
  await resyncTables(entry.ends, ['entry'], { where: 'id % 2 = 0' });
  await entry.isEqual();

  // The events are gone that the other rows need.
  await entry.pair.subscriber.execute(
    `alter table entry add constraint no_late check (id < 100000) not valid`,
  );
  await entry.write(2);
  await eventually(entry.state, 'parked');
  await entry.stopReplay();
  await unregisterConsumer(entry.pair.provider, 'q', 'c.hold');
  await entry.pair.provider.execute(
    `delete from pgq.tick where tick_id < (select max(tick_id) from pgq.tick)`,
  );
  await expect(resyncTables(entry.ends, ['entry'], { where: 'id % 2 = 0' })).rejects.toThrow(
    'which the rows outside of --where need',
  );
  expect(await entry.state()).toBe('parked');
});

test('a table without a key is refused, and one that is being copied', async () => {
  const entry = entryOf();
  await entry.start();
  for (const session of [entry.pair.provider, entry.pair.subscriber])
    await session.execute('create table bag (item text)');
  await addProviderTables(entry.pair.provider, 'q', ['bag'], { identity: 'full' });
  await addSubscriberTables(entry.ends, ['bag']);
  await entry.isOk();
  for (const options of [{ skipTruncate: true }, { where: 'true' }])
    await expect(resyncTables(entry.ends, ['bag'], options)).rejects.toThrow('table public.bag has no key');
  await entry.stopReplay();
  await addSubscriberTables(entry.ends, ['entry']);
  await expect(resyncTables(entry.ends, ['entry'], { where: 'true' })).rejects.toThrow(
    'table public.entry is wanted: with --where it must be ok, or parked at a position',
  );
  expect((await entry.table())?.state).toBe('ok');
});
