/** Tables that the copier parks, what the provider keeps for them, and what retrying does. */
import { afterEach, beforeEach, expect, test } from 'vitest';
import { settleHold } from '../../src/copy/settle-hold.js';
import { arm, disarmAll } from '../../src/kernel/tap.js';
import { holdEvents, isEventsGone } from '../../src/londiste/provider.js';
import { restoreHold } from '../../src/londiste/restore-hold.js';
import {
  parkTable,
  setTableState,
  type SubscribedTable,
  type TableMark,
} from '../../src/londiste/table-state.js';
import { LondisteError } from '../../src/kernel/errors.js';
import { unregisterConsumer } from '../../src/pgq/consumer.js';
import { addProviderTables } from '../../src/setup/provider.js';
import { resyncTables } from '../../src/setup/resync.js';
import { addSubscriberTables, listTables, retryTables } from '../../src/setup/subscriber-tables.js';
import { open } from '../support/databases.js';
import { eventually, tickerRuns } from '../support/eventually.js';
import { createPair, Daemons, fingerprint, testLog, type Pair } from '../support/pair.js';

let pair: Pair;
let replay: Daemons | undefined;
let ticker: Daemons;

beforeEach(async () => {
  pair = await createPair('oldest', 'newest');
  for (const session of [pair.provider, pair.subscriber]) {
    await session.execute(
      'create table entry (id int primary key, item text); create table other (id int primary key)',
    );
  }
  await pair.provider.execute(`insert into entry select n, 'old' from generate_series(1, 100) n`);
  ticker = Daemons.ticker(pair);
  replay = Daemons.replay(pair);
  await addProviderTables(pair.provider, pair.name.queue, ['entry', 'other']);
  await tickerRuns(pair.provider);
});

afterEach(async () => {
  disarmAll();
  await replay?.stop();
  await ticker.stop();
});

async function table(name: string): Promise<SubscribedTable | undefined> {
  return (await listTables(pair.subscriber, pair.name)).find((one) => one.name === `public.${name}`);
}

async function state(name: string): Promise<string | undefined> {
  return (await table(name))?.state;
}

async function equal(): Promise<void> {
  await eventually(() => fingerprint(pair.subscriber, 'entry'), await fingerprint(pair.provider, 'entry'));
}

async function held(): Promise<number | null> {
  const { tick } = await pair.provider.one<{ tick: number | null }>(
    'select londiste.held_tick($1, $2) as tick',
    [pair.name.queue, pair.name.consumer],
  );
  return tick;
}

/** The number under which the running replay serves. */
async function fence(): Promise<number> {
  return (await pair.subscriber.one<{ fence: number }>('select fence from londiste.position')).fence;
}

/** Stops replay once nothing is held, and returns where it stood. */
async function stopReplay(): Promise<TableMark> {
  await eventually(held, null);
  await replay?.stop();
  replay = undefined;
  return await pair.subscriber.one<TableMark>(
    'select tick_id as "tickId", tick_snapshot::text as snapshot from londiste.position',
  );
}

async function waitersForLocks(): Promise<number> {
  const { count } = await pair.subscriber.one<{ count: number }>(
    `select count(*)::int as count from pg_stat_activity
      where datname = current_database() and wait_event_type = 'Lock'`,
  );
  return count;
}

/** Parks a table as replay would. */
async function park(name: string, mark: TableMark): Promise<void> {
  const error = new LondisteError('data', `table public.${name}: of a test`, { table: `public.${name}` });
  const parking = { table: `public.${name}`, fence: await fence(), mark, error };
  expect(await parkTable(pair.subscriber, pair.name, parking)).toBe(true);
}

/** Parks a table where replay stopped, and returns the tick. */
async function parkWithoutReplay(name: string): Promise<number> {
  const mark = await stopReplay();
  await park(name, mark);
  return mark.tickId;
}

/** Ticks and rotates until the tick is gone, or until it is sure to stay. */
async function rotate(turns = 6): Promise<void> {
  await pair.provider.execute(`select pgq.set_queue_config('${pair.name.queue}', 'rotation_period', '0')`);
  for (let n = 0; n < turns; n += 1) {
    await pair.provider.execute(`select pgq.force_tick('${pair.name.queue}')`);
    await pair.provider.execute(`select pgq.ticker('${pair.name.queue}')`);
    await pair.provider.execute(`select pgq.maint_rotate_tables_step1('${pair.name.queue}')`);
    await pair.provider.execute('select pgq.maint_rotate_tables_step2()');
  }
}

async function hasTick(tick: number): Promise<boolean> {
  return (await pair.provider.query('select from pgq.tick where tick_id = $1', [tick])).length > 0;
}

test('a copy that cannot land parks its table, the others go on, and retry copies again', async () => {
  await pair.subscriber.execute('alter table entry add constraint small check (id < 50)');
  await addSubscriberTables(pair.ends, ['entry']);
  await addSubscriberTables(pair.ends, ['other']);
  await eventually(() => state('entry'), 'parked');
  await eventually(() => state('other'), 'ok');
  const parked = await table('entry');
  expect(parked).toMatchObject({ errorSqlstate: '23514', tickId: undefined, snapshot: undefined });
  expect(parked?.error).toMatch(/^table public\.entry: .*constraint small/);
  expect(parked?.errorKey).toMatch(/^\(\d+, old\)$/);
  expect(parked?.errorHint).toContain('subscriber retry public.entry');
  // Nothing of the queue is of use to a table without rows.
  await eventually(held, null);

  await retryTables(pair.ends, ['entry']);
  await eventually(async () => (await table('entry'))?.error, expect.stringContaining('small'));
  await eventually(() => state('entry'), 'parked');
  await pair.subscriber.execute('alter table entry drop constraint small');
  await retryTables(pair.ends, ['entry']);
  await eventually(() => state('entry'), 'ok');
  expect(await table('entry')).toMatchObject({ error: undefined, errorHint: undefined, errorKey: undefined });
  await equal();
});

test('a table that catches up parks where it has got to, and goes on from there without a copy', async () => {
  let ticked = false;
  arm('copy.landed', async () => {
    if (ticked) return;
    ticked = true;
    const { last } = await pair.provider.one<{ last: number }>('select max(tick_id) as last from pgq.tick');
    await pair.provider.execute(`insert into entry values (1001, 'refused')`);
    await eventually(() => hasTick(last + 1), true);
  });
  await pair.subscriber.execute(`alter table entry add constraint no_refused check (item <> 'refused')`);
  await addSubscriberTables(pair.ends, ['entry']);
  await eventually(() => state('entry'), 'parked');
  const parked = await table('entry');
  expect(parked).toMatchObject({ errorSqlstate: '23514' });
  expect(parked?.snapshot).toBeDefined();
  // Until it goes on, its events stay.
  await rotate();
  expect(await held()).toBeLessThanOrEqual(parked?.tickId ?? 0);
  await pair.subscriber.execute(`insert into entry values (-1, 'would not outlive a copy')`);
  await pair.subscriber.execute('alter table entry drop constraint no_refused');
  await pair.provider.execute(`update entry set item = 'changed while parked' where id = 1`);
  await retryTables(pair.ends, ['entry']);
  await eventually(() => state('entry'), 'ok');
  await eventually(held, null);
  expect(await pair.subscriber.execute('delete from entry where id = -1')).toBe(1);
  await equal();
});

test('a table with an event that cannot be read parks again, though the rest of its events are not read', async () => {
  await addSubscriberTables(pair.ends, ['entry']);
  await eventually(() => state('entry'), 'ok');
  await pair.provider.execute(`insert into entry values (1001, 'before')`);
  await pair.provider.query(`select pgq.insert_event('q', 'odd', 'x', 'public.entry', null, null, null)`);
  await eventually(() => state('entry'), 'parked');
  // Rows of another layout end what is read together, and the connection with it.
  await pair.provider.execute('alter table entry add column more int');
  await pair.provider.execute(`insert into entry values (1002, 'later', 1)`);
  await retryTables(pair.ends, ['entry']);
  await eventually(async () => (await table('entry'))?.error, expect.stringContaining('odd'));
  await eventually(() => state('entry'), 'parked');
});

test('a table that replay cannot take over parks where its copier left it', async () => {
  const { queue } = pair.name;
  // The first tick after the copy has the row.
  await pair.provider.execute(`select pgq.set_queue_config('${queue}', 'ticker_paused', 'true')`);
  arm('copy.landed', async () => {
    disarmAll();
    await pair.provider.execute(`insert into entry values (1001, 'refused')`);
  });
  await pair.subscriber.execute(`alter table entry add constraint no_refused check (item <> 'refused')`);
  await addSubscriberTables(pair.ends, ['entry']);
  await eventually(() => state('entry'), 'ready');
  const ready = await table('entry');
  await pair.provider.execute(`select pgq.set_queue_config('${queue}', 'ticker_paused', 'false')`);
  await pair.provider.execute(`select pgq.force_tick('${queue}')`);
  await eventually(() => state('entry'), 'parked');
  const parked = await table('entry');
  expect([parked?.tickId, parked?.snapshot?.text]).toEqual([ready?.tickId, ready?.snapshot?.text]);
  await rotate();
  expect(await held()).toBeLessThanOrEqual(parked?.tickId ?? 0);
  await pair.subscriber.execute('alter table entry drop constraint no_refused');
  await retryTables(pair.ends, ['entry']);
  await eventually(() => state('entry'), 'ok');
  await equal();
  await eventually(held, null);
});

test('a lost connection parks nothing', async () => {
  const killed: string[] = [];
  for (const [moment, side, purpose] of [
    ['copy.snapshot-taken', 'provider', 'copy feed'],
    ['copy.rows-landed-not-committed', 'subscriber', 'copy'],
    ['copy.snapshot-taken', 'provider', 'copy'],
  ] as const) {
    arm(moment, async () => {
      disarmAll();
      const gone = await pair[side].query(
        `select pg_terminate_backend(pid) from pg_stat_activity
          where application_name = $1 and datname = current_database()`,
        [`londiste ${pair.name.consumer} ${purpose}`],
      );
      if (gone.length === 1) killed.push(purpose);
    });
    if ((await table('entry')) === undefined) await addSubscriberTables(pair.ends, ['entry']);
    else await resyncTables(pair.ends, ['entry']);
    const seen = new Set<string | undefined>();
    await eventually(async () => {
      const now = await state('entry');
      seen.add(now);
      return now;
    }, 'ok');
    expect([...seen]).not.toContain('parked');
  }
  expect(killed).toEqual(['copy feed', 'copy', 'copy']);
  await equal();
});

test('what a table needs that is parked while the copier looks is not let go of', async () => {
  await addSubscriberTables(pair.ends, ['entry']);
  await eventually(() => state('entry'), 'ok');
  await eventually(held, null);
  const tick = await stopReplay();
  await holdEvents(pair.provider, pair.name, tick.tickId);
  await using copiers = await open(pair.subscriberSettings, 'copier');
  const bench = { ...pair.ends, subscriber: copiers, fence: await fence() };

  await pair.subscriber.execute('begin');
  await park('entry', tick);
  const settled = settleHold(bench);
  await eventually(() => waitersForLocks(), 1);
  expect(await held()).toBe(tick.tickId);
  await pair.subscriber.execute('commit');
  await settled;
  expect(await held()).toBe(tick.tickId);
});

test('a hold consumer that was dropped is made again while the events are there', async () => {
  await addSubscriberTables(pair.ends, ['entry']);
  await eventually(() => state('entry'), 'ok');
  const tick = await parkWithoutReplay('entry');
  await holdEvents(pair.provider, pair.name, tick);
  await unregisterConsumer(pair.provider, pair.name.queue, `${pair.name.consumer}.hold`);
  await pair.provider.execute(`update entry set item = 'while it was dropped'`);
  await pair.subscriber.execute(`insert into entry values (-1, 'would not outlive a copy')`);
  replay = Daemons.replay(pair);
  await eventually(held, tick);
  expect(await state('entry')).toBe('parked');
  await retryTables(pair.ends, ['entry']);
  await eventually(() => state('entry'), 'ok');
  expect(await pair.subscriber.execute('delete from entry where id = -1')).toBe(1);
  await equal();
});

/** Drops the hold consumer, changes the table and rotates until the events since the tick are gone. */
async function loseEventsSince(tick: number): Promise<void> {
  await pair.provider.execute(`update entry set item = 'lost'`);
  await eventually(async () => {
    // A copier that is at work makes it again.
    await unregisterConsumer(pair.provider, pair.name.queue, `${pair.name.consumer}.hold`);
    await rotate();
    return hasTick(tick);
  }, false);
  await expect(holdEvents(pair.provider, pair.name, tick)).rejects.toSatisfy(isEventsGone);
}

test('events that are gone when replay starts: a new copy', async () => {
  await addSubscriberTables(pair.ends, ['entry']);
  await eventually(() => state('entry'), 'ok');
  const tick = await parkWithoutReplay('entry');
  // The subscription's own consumer would keep them.
  await unregisterConsumer(pair.provider, pair.name.queue, pair.name.consumer);
  await loseEventsSince(tick);
  expect(await restoreHold({ ...pair.ends, fence: await fence(), log: testLog() })).toEqual(['public.entry']);
  expect(await table('entry')).toMatchObject({ state: 'wanted', tickId: undefined });
  expect((await table('entry'))?.error).toContain(`since tick ${tick}`);
});

test('events that are gone while replay runs: a new copy, at the latest when somebody wants to go on', async () => {
  await addSubscriberTables(pair.ends, ['entry', 'other']);
  await eventually(() => state('entry'), 'ok');
  const tick = await parkWithoutReplay('entry');
  replay = Daemons.replay(pair);
  await eventually(held, tick);
  await loseEventsSince(tick);
  // The copier may have looked by itself meanwhile, and copies already.
  await retryTables(pair.ends, ['entry']).catch((error: unknown) => {
    expect(String(error)).toContain('is not parked');
  });
  await eventually(() => state('entry'), 'ok');
  await equal();
  expect(await state('other')).toBe('ok');
});

test('tables with events are not dragged along by one whose events are gone', async () => {
  await addSubscriberTables(pair.ends, ['entry', 'other']);
  await eventually(() => state('entry'), 'ok');
  await eventually(() => state('other'), 'ok');
  const tick = await parkWithoutReplay('entry');
  const error = new LondisteError('data', 'of a test', { table: 'public.other' });
  const snapshot = '1:1:';
  const gone = { table: 'public.other', fence: await fence(), mark: { tickId: 0, snapshot }, error };
  expect(await parkTable(pair.subscriber, pair.name, gone)).toBe(true);
  // Parked tables are nobody's to park again; those without a position have none to keep.
  expect(await parkTable(pair.subscriber, pair.name, gone)).toBe(false);
  expect(await restoreHold({ ...pair.ends, fence: await fence(), log: testLog() })).toEqual(['public.other']);
  expect([await state('entry'), await state('other')]).toEqual(['parked', 'wanted']);
  expect(await held()).toBe(tick);
});

test('parking keeps the position that a table has, and asks for one where it has none', async () => {
  await addSubscriberTables(pair.ends, ['entry']);
  await eventually(() => state('entry'), 'ok');
  await replay?.stop();
  replay = undefined;
  const error = new LondisteError('data', 'of a test', { table: 'public.entry', key: '(17)' });
  const parking = { table: 'public.entry', fence: await fence(), mark: undefined, error };
  await expect(parkTable(pair.subscriber, pair.name, parking)).rejects.toMatchObject({ sqlstate: '22023' });
  await expect(parkTable(pair.subscriber, pair.name, { ...parking, fence: 0 })).rejects.toMatchObject({
    kind: 'fenced',
  });
  const mark = { tickId: 1, snapshot: '5:5:' };
  await pair.subscriber.execute(`update londiste.table_state set state = 'catching-up'`);
  await setTableState(pair.subscriber, pair.name, { ...parking, event: 'caught-up', mark });
  expect(await parkTable(pair.subscriber, pair.name, parking)).toBe(true);
  expect(await table('entry')).toMatchObject({ state: 'parked', tickId: 1, errorKey: '(17)' });
  expect((await table('entry'))?.snapshot?.text).toBe('5:5:');
});

test('retrying is refused for what is not parked, and changes nothing then', async () => {
  await addSubscriberTables(pair.ends, ['entry', 'other']);
  await eventually(() => state('other'), 'ok');
  await expect(retryTables(pair.ends, [])).rejects.toThrow('no table of this subscription is parked');
  await parkWithoutReplay('entry');
  await expect(retryTables(pair.ends, ['entry', 'other'])).rejects.toThrow(
    'table public.other is not parked, its state is ok',
  );
  await expect(retryTables(pair.ends, ['entry', 'nothere'])).rejects.toThrow('public.nothere is not in this');
  expect(await state('entry')).toBe('parked');
  await using operator = await open(pair.subscriberSettings, 'operator');
  expect(await retryTables({ ...pair.ends, subscriber: operator }, [])).toEqual(['public.entry']);
});
