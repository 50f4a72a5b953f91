/**
 * Rotation against writers that still see an old queue_cur_table. docs/decisions/0001 says what the original rule loses;
 * the tests compute that rule beside ours, so that they fail if the moment does not arise.
 */
import { describe, expect, it } from 'vitest';
import type { ConnectSettings, Session } from '../../../src/db/session.js';
import { tickerOf } from '../../../src/pgq/ticker.js';
import { open } from '../../support/databases.js';
import {
  deliver,
  drain,
  eagerQueue,
  pass,
  pgqDatabase,
  rotate,
  value,
  write,
  type SeenEvent,
} from './pgq-database.js';

const loadMs = 3000;

describe.each(['oldest', 'newest'] as const)('rotation on %s', (which) => {
  it('goes round the tables, empties them, and keeps ticks as long as their events', async () => {
    await using session = await open(await pgqDatabase(which));
    await eagerQueue(session);
    for (const table of [1, 2, 0, 1]) {
      await pass(session);
      await write(session, `before ${table}`);
      expect(await deliver(session)).toEqual([`before ${table}`]);
      await pass(session);
      expect(await rotate(session)).toBe(table);
    }
    expect(await session.query(`select ev_data from pgq.event_template order by ev_id`)).toEqual([
      { ev_data: 'before 0' },
      { ev_data: 'before 1' },
    ]);
    const oldest = await value<number>(session, 'select min(tick_id) from pgq.tick');
    await session.query(`select pgq.register_consumer_at('q', 'late', $1)`, [oldest]);
    expect((await drain(session, 'q', 'late')).map(({ data }) => data)).toEqual(['before 1']);
  });

  it('waits for its time, for the slowest consumer, for step 2 and for readers of the table', async () => {
    const settings = await pgqDatabase(which);
    await using session = await open(settings);
    await eagerQueue(session);
    const step1 = async (): Promise<number> => {
      expect(await value(session, `select pgq.maint_rotate_tables_step1('q')`)).toBe(0);
      return value<number>(session, 'select queue_cur_table from pgq.queue');
    };
    await pass(session);
    expect(await step1()).toBe(0);

    await session.query(`update pgq.queue set queue_rotation_period = '-1 second'`);
    await using reader = await open(settings);
    await reader.query('begin; lock table pgq.event_1_1 in access share mode');
    expect(await step1()).toBe(0);
    await reader.query('commit');

    expect(await step1()).toBe(1);
    expect(await step1()).toBe(1);
    expect(await value(session, 'select pgq.maint_rotate_tables_step2()')).toBe(0);
    expect(await step1()).toBe(1);
    await tickerOf(session, 'q');
    expect(await step1(), 'the consumer stands at a tick of before').toBe(1);
    await pass(session);
    expect(await step1()).toBe(2);
    await session.query(`update pgq.queue set queue_switch_step1 = 900000000, queue_switch_step2 = 3`);
    await expect(step1()).rejects.toThrow(/queue q maint failure: step1=900000000, current=\d+/);
    await session.query(`update pgq.queue set queue_switch_step1 = 3`);
    await session.query(`update pgq.subscription set sub_last_tick = 1000`);
    await expect(step1()).rejects.toThrow('queue q maint failure: tick 1000 not found');
    await session.query('begin isolation level repeatable read');
    await expect(step1()).rejects.toThrow('must run in a READ COMMITTED transaction');
    await session.query('rollback');
  });

  it('delivers what a REPEATABLE READ writer puts into the table of before', async () => {
    const settings = await pgqDatabase(which);
    await using session = await open(settings);
    await eagerQueue(session);
    await using writer = await openOldWriter(settings);
    await pass(session);
    expect(await rotate(session)).toBe(1);
    await pass(session);

    await write(writer, 'late');
    await writer.query('commit');
    expect(await tableOf(session, 'late')).toBe('pgq.event_1_0');
    await tickerOf(session, 'q');
    const batch = await value<number>(session, `select pgq.next_batch('q', 'c')`);
    expect(
      await originalTables(session, batch),
      'the moment: the original reads only the current table',
    ).toEqual(['pgq.event_1_1']);
    expect(await session.query(`select ev_data from pgq.get_batch_events($1)`, [batch])).toEqual([
      { ev_data: 'late' },
    ]);
  });

  it('does not empty a table that such a writer has put an unread event into', async () => {
    const settings = await pgqDatabase(which);
    await using session = await open(settings);
    await eagerQueue(session);
    await using writer = await openOldWriter(settings);
    await pass(session);
    expect(await rotate(session)).toBe(1);
    await pass(session);
    expect(await rotate(session)).toBe(2);
    await pass(session);
    await write(writer, 'late');
    await writer.query('commit');

    expect(
      await value(
        session,
        `select bool_and(txid_snapshot_xmin(t.tick_snapshot) > q.queue_switch_step2)
         from pgq.subscription s join pgq.tick t on t.tick_queue = s.sub_queue and t.tick_id = s.sub_last_tick
           join pgq.queue q on q.queue_id = s.sub_queue`,
      ),
      'the moment: the original rule would empty the table now',
    ).toBe(true);
    expect(await rotate(session)).toBe(2);
    expect(await deliver(session)).toEqual(['late']);
    await pass(session);
    expect(await rotate(session)).toBe(0);
    expect(await value(session, `select count(*) from pgq.event_template`)).toBe(0);
  });

  it('without consumers keeps what the next one would need', async () => {
    const settings = await pgqDatabase(which);
    await using session = await open(settings);
    await eagerQueue(session);
    await session.query(`select pgq.unregister_consumer('q', 'c')`);
    await using writer = await openOldWriter(settings);
    for (const table of [1, 2]) expect(await rotate(session)).toBe(table);
    await tickerOf(session, 'q');
    await write(writer, 'late');
    await writer.query('commit');
    expect(await rotate(session)).toBe(2);
    await session.query(`select pgq.register_consumer('q', 'c')`);
    expect(await deliver(session)).toEqual(['late']);
  });

  it('loses and doubles nothing under load', async () => {
    const settings = await pgqDatabase(which);
    await using session = await open(settings);
    await eagerQueue(session);
    await session.query(`update pgq.queue set queue_rotation_period = '-1 second'`);
    const until = Date.now() + loadMs;

    const [writers, old, rotations, seen] = await Promise.all([
      Promise.all([writeUntil(settings, until, 1), writeUntil(settings, until, 2)]),
      Promise.all([writeLateUntil(settings, until, 1), writeLateUntil(settings, until, 2)]),
      rotateUntil(settings, until),
      drainUntil(settings, until + 300),
    ]);
    await tickerOf(session, 'q');
    seen.push(...(await drain(session)));

    const written = [...writers.flat(), ...old.flatMap(({ data }) => data)];
    const late = old.reduce((sum, { late }) => sum + late, 0);
    console.log(
      `${which}: ${written.length} events, ${rotations} rotations, ${late} events in a table that was not current any more`,
    );
    expect(seen.map(({ data }) => data).sort()).toEqual(written.sort());
    expect(rotations).toBeGreaterThan(3);
    expect(late).toBeGreaterThan(0);
  });
});

/** A transaction that sees the queue as it is now until its end, and has written nothing yet. */
async function openOldWriter(settings: ConnectSettings): Promise<Session> {
  const writer = await open(settings);
  await writer.query('begin isolation level repeatable read');
  await writer.query('select queue_cur_table from pgq.queue');
  return writer;
}

function tableOf(session: Session, data: string): Promise<string> {
  return value(session, `select tableoid::regclass::text from pgq.event_template where ev_data = $1`, [data]);
}

/** The tables that a batch reads by the rule of the original PgQ. */
async function originalTables(session: Session, batch: number): Promise<string[]> {
  const rows = await session.query<{ name: string }>(
    `select q.queue_data_pfx || '_' || n as name
     from pgq.subscription s
       join pgq.queue q on q.queue_id = s.sub_queue
       join pgq.tick last on last.tick_queue = s.sub_queue and last.tick_id = s.sub_last_tick
       join pgq.tick cur on cur.tick_queue = s.sub_queue and cur.tick_id = s.sub_next_tick
       cross join generate_series(0, q.queue_ntables - 1) n
     where s.sub_batch = $1 and case
         when n = q.queue_cur_table then
           q.queue_switch_step2 is null or txid_snapshot_xmax(cur.tick_snapshot) >= q.queue_switch_step1
         when n = (q.queue_cur_table + q.queue_ntables - 1) % q.queue_ntables then
           q.queue_switch_step2 is null or txid_snapshot_xmin(last.tick_snapshot) <= q.queue_switch_step2
         else false
       end`,
    [batch],
  );
  return rows.map(({ name }) => name);
}

async function writeUntil(settings: ConnectSettings, until: number, writer: number): Promise<string[]> {
  await using session = await open(settings);
  const written: string[] = [];
  for (let n = 0; Date.now() < until; n += 1) {
    await write(session, `${writer}-${n}`);
    written.push(`${writer}-${n}`);
  }
  return written;
}

/** Begins, lets some rotations pass, and writes into the table that was current when it began. */
async function writeLateUntil(
  settings: ConnectSettings,
  until: number,
  writer: number,
): Promise<{ data: string[]; late: number }> {
  await using watcher = await open(settings);
  const current = (session: Session): Promise<number> =>
    value(session, 'select queue_cur_table from pgq.queue');
  const data: string[] = [];
  let late = 0;
  for (let n = 0; Date.now() < until; n += 1) {
    await using old = await openOldWriter(settings);
    const seen = await current(old);
    const wanted = (seen + 1 + (n % 2)) % 3;
    while (Date.now() < until && (await current(watcher)) !== wanted);
    await write(old, `old-${writer}-${n}`);
    if ((await current(watcher)) !== seen) late += 1;
    await old.query('commit');
    data.push(`old-${writer}-${n}`);
  }
  return { data, late };
}

async function rotateUntil(settings: ConnectSettings, until: number): Promise<number> {
  await using session = await open(settings);
  let rotations = 0;
  let current = 0;
  while (Date.now() < until) {
    await tickerOf(session, 'q');
    const next = await rotate(session);
    if (next !== current) rotations += 1;
    current = next;
  }
  return rotations;
}

async function drainUntil(settings: ConnectSettings, until: number): Promise<SeenEvent[]> {
  await using session = await open(settings);
  const seen: SeenEvent[] = [];
  while (Date.now() < until) seen.push(...(await drain(session)));
  return seen;
}
