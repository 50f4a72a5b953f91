/** Parking as its operator meets it: by the programs, through kills, and with the provider's disk in mind. */
import { beforeAll, expect, test } from 'vitest';
import type { ConnectSettings } from '../../src/db/session.js';
import { createDatabase, open } from '../support/databases.js';
import { becomeEqual } from '../support/equality.js';
import { eventually } from '../support/eventually.js';
import { Installation } from '../support/installation.js';

let sides: { provider: ConnectSettings; subscriber: ConnectSettings };
let user: Installation;

interface Listed {
  readonly table: string;
  readonly state: string;
  readonly tick: number | null;
  readonly error: string | null;
  readonly sqlstate: string | null;
  readonly key: string | null;
  readonly hint: string | null;
}

beforeAll(async () => {
  sides = { provider: await createDatabase('oldest'), subscriber: await createDatabase('newest') };
  user = new Installation(sides.provider, sides.subscriber);
  await user.createEntry();
  await user.replicateEntry();
  await eventually(state, 'ok');
  await there(`insert into entry (item) select 'old' from generate_series(1, 30)`);
}, 60_000);

async function there(sql: string): Promise<void> {
  await using session = await open(sides.provider);
  await session.execute(sql);
}

async function here(sql: string): Promise<number> {
  await using session = await open(sides.subscriber);
  return await session.execute(sql);
}

async function listed(): Promise<Listed | undefined> {
  return (JSON.parse(await user.must('londiste replica.ini subscriber tables --json')) as Listed[])[0];
}

async function state(): Promise<string | undefined> {
  await using session = await open(sides.subscriber);
  return (await session.query<{ state: string }>('select state from londiste.table_state'))[0]?.state;
}

async function held(): Promise<number | null> {
  await using session = await open(sides.provider);
  const sql = `select londiste.held_tick('londiste.write', 'lmaster_to_slave') as tick`;
  return (await session.one<{ tick: number | null }>(sql)).tick;
}

async function rotate(): Promise<void> {
  await there(`select pgq.set_queue_config('londiste.write', 'rotation_period', '0')`);
  for (let n = 0; n < 6; n += 1) {
    await there(`select pgq.force_tick('londiste.write')`);
    await there(`select pgq.ticker('londiste.write')`);
    await there(`select pgq.maint_rotate_tables_step1('londiste.write')`);
    await there('select pgq.maint_rotate_tables_step2()');
  }
}

test('retry says what it needs and what is not so', async () => {
  expect(await user.refused('londiste replica.ini subscriber retry')).toContain('subscriber retry --all');
  expect(await user.refused('londiste replica.ini subscriber retry --all')).toContain('no table');
  expect(await user.refused('londiste replica.ini subscriber retry entry')).toContain(
    'table public.entry is not parked, its state is ok',
  );
  expect(await user.refused('londiste replica.ini subscriber retry nothere')).toContain('public.nothere');
  expect(await user.must('londiste subscriber retry --help')).toContain('without a copy');
  expect(await user.must('londiste --help')).toContain('subscriber');
});

test('the operator reads what, which row and what to type, and the log has no row data', async () => {
  await here(`alter table entry add constraint no_bad check (item <> 'secret') not valid`);
  await there(`update entry set item = 'secret' where id = 17`);
  await eventually(state, 'parked');
  expect(await listed()).toMatchObject({ table: 'public.entry', sqlstate: '23514' });
  const shown = await user.must('londiste replica.ini subscriber tables');
  expect(shown).toMatch(/^public\.entry +parked +at tick \d+, since /m);
  expect(shown).toContain('constraint no_bad');
  expect(shown).toMatch(/^ +row: .*17/m);
  expect(shown).toMatch(/^ +→ then: londiste ... subscriber retry public\.entry$/m);
  expect(user.log('lmaster_to_slave')).toContain('23514');
  expect(user.log('lmaster_to_slave')).not.toContain('secret');
  await here('alter table entry drop constraint no_bad');
  expect(await user.must('londiste replica.ini subscriber retry entry')).toBe('Trying again: public.entry\n');
  await eventually(state, 'ok');
  await becomeEqual(sides, { sequence: 'entry_id_seq' });
});

test('killed between parking and holding the events: nothing is lost', { timeout: 120_000 }, async () => {
  await eventually(held, null);
  await user.must('londiste replica.ini -s');
  await here(`alter table entry add constraint no_bad check (item <> 'bad') not valid`);
  await there(`insert into entry (item) values ('bad')`);
  for (let kills = 0; (await state()) !== 'parked' && kills < 20; kills += 1) {
    await user.must('londiste replica.ini replay -d', { LONDISTE_TAP: 'replay.committed-not-finished=kill' });
    await user.gone('lmaster_to_slave');
  }
  const parked = await listed();
  expect([parked?.state, await held()]).toEqual(['parked', null]);
  // What the consumer has not finished is there all the same.
  await rotate();
  await here(`insert into entry (id) values (-1)`);
  await user.must('londiste replica.ini replay -d');
  await eventually(held, parked?.tick);
  await there(`update entry set item = item || '.' where id % 2 = 0`);
  await rotate();
  await here('alter table entry drop constraint no_bad');
  await user.must('londiste replica.ini subscriber retry --all');
  await eventually(state, 'ok');
  expect(await here('delete from entry where id = -1')).toBe(1);
  await becomeEqual(sides, { sequence: 'entry_id_seq' });
  await eventually(held, null);
});

test('killed while it catches up after retry: goes on', { timeout: 120_000 }, async () => {
  await here(`alter table entry add constraint no_bad check (item <> 'bad') not valid`);
  await there(`insert into entry (item) values ('bad')`);
  await eventually(state, 'parked');
  await user.must('londiste replica.ini -s');
  await here(`alter table entry drop constraint no_bad`);
  await there(`update entry set item = item || '!'`);
  await user.must('londiste replica.ini subscriber retry entry');
  await user.must('londiste replica.ini replay -d', { LONDISTE_TAP: 'copy.caught-up=kill' });
  await user.gone('lmaster_to_slave');
  expect(user.log('lmaster_to_slave')).toContain('tap copy.caught-up');
  expect(await held()).not.toBeNull();
  await user.must('londiste replica.ini replay -d');
  await eventually(state, 'ok');
  await becomeEqual(sides, { sequence: 'entry_id_seq' });
  await eventually(held, null);
});

test('the hold consumer dropped to free the disk, with the daemon down: a new copy, said in the log', async () => {
  await here(`alter table entry add constraint no_bad check (item <> 'bad') not valid`);
  await there(`insert into entry (item) values ('bad')`);
  await eventually(state, 'parked');
  const tick = (await listed())?.tick;
  // The others must have passed, or their own consumer keeps the events.
  await there(`select pgq.force_tick('londiste.write')`);
  await eventually(async () => {
    await using session = await open(sides.provider);
    const sql = `select last_tick from pgq.get_consumer_info('londiste.write', 'lmaster_to_slave')`;
    return (await session.one<{ last_tick: number }>(sql)).last_tick > (tick ?? 0);
  }, true);
  await user.must('londiste replica.ini -s');
  await user.must('pgqadm ticker.ini unregister londiste.write lmaster_to_slave.hold');

  // At once: nothing has been thrown away yet.
  await user.must('londiste replica.ini replay -d');
  await eventually(held, tick);
  expect(await state()).toBe('parked');

  // Rotation does not pass the subscription's own consumer, so it has to be at the end when the daemon stops.
  await there(`insert into entry (item) values ('more')`);
  await eventually(async () => {
    await user
      .must('pgqadm ticker.ini unregister londiste.write lmaster_to_slave.hold')
      .catch(() => undefined);
    await rotate();
    await using session = await open(sides.provider);
    return (await session.query('select from pgq.tick where tick_id = $1', [tick])).length;
  }, 0);
  await user.must('londiste replica.ini -s');
  await here('alter table entry drop constraint no_bad');
  await user.must('londiste replica.ini replay -d');
  await eventually(state, 'ok');
  await becomeEqual(sides, { sequence: 'entry_id_seq' });
  expect(user.log('lmaster_to_slave')).toContain(`the events since tick ${tick} any more`);
  await user.stop();
});
