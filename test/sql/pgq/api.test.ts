/** The API as clients of PgQ know it: results and error texts, one function after the other. */
import { beforeEach, describe, expect, it } from 'vitest';
import type { ConnectSettings } from '../../../src/db/session.js';
import { Session } from '../../../src/db/session.js';
import {
  batchEventSql,
  finishBatch,
  nextBatch,
  nextBatchCustom,
  nextBatchInfo,
} from '../../../src/pgq/batch.js';
import {
  getConsumerInfo,
  listConsumerInfo,
  registerConsumer,
  registerConsumerAt,
  unregisterConsumer,
} from '../../../src/pgq/consumer.js';
import { currentEventTable, insertEvent } from '../../../src/pgq/event.js';
import { maintOperations, maintRetryEvents } from '../../../src/pgq/maintenance.js';
import {
  createQueue,
  dropQueue,
  getQueueInfo,
  listQueueInfo,
  setQueueConfig,
} from '../../../src/pgq/queue.js';
import { lastTick } from '../../../src/pgq/tick.js';
import { tickerOf } from '../../../src/pgq/ticker.js';
import { asSuperuser } from '../../support/databases.js';
import { deliver, drain, eagerQueue, openHearing, pass, pgqDatabase, value, write } from './pgq-database.js';

describe.each(['oldest', 'newest'] as const)('the API of PgQ on %s', (which) => {
  let settings: ConnectSettings;
  let session: Session;
  let warnings: readonly string[] = [];

  beforeEach(async () => {
    settings = await pgqDatabase(which);
    ({ session, warnings } = await openHearing(settings));
    return () => session.end();
  });

  const call = (text: string): Promise<unknown> => value(session, `select ${text}`);
  const refuses = (text: string, message: string | RegExp): Promise<void> =>
    expect(call(text), text).rejects.toThrow(message);

  it('says which PgQ it is', async () => {
    expect(await call('pgq.version()')).toMatch(/^3\.5/);
  });

  it('creates and drops queues', async () => {
    expect(await createQueue(session, 'londiste.write')).toBe(true);
    expect(await createQueue(session, 'londiste.write')).toBe(false);
    await refuses(`pgq.create_queue(null)`, 'Invalid NULL value');
    expect(
      await session.query(`select queue_data_pfx, queue_event_seq, queue_tick_seq from pgq.queue`),
    ).toEqual([
      {
        queue_data_pfx: 'pgq.event_1',
        queue_event_seq: 'pgq.event_1_id_seq',
        queue_tick_seq: 'pgq.event_1_tick_seq',
      },
    ]);
    expect(
      await session.query(
        `select c.relname as name, c.reloptions::text as options, i.relname as index
         from pg_class c join pg_index x on x.indrelid = c.oid join pg_class i on i.oid = x.indexrelid
         where c.relname ~ '^event_1_' order by 1`,
      ),
    ).toEqual(
      [0, 1, 2].map((n) => ({
        name: `event_1_${n}`,
        options: '{fillfactor=100,autovacuum_enabled=off}',
        index: `event_1_${n}_txid_idx`,
      })),
    );
    await registerConsumer(session, 'londiste.write', 'c');
    await expect(dropQueue(session, 'londiste.write')).rejects.toThrow(
      'cannot drop queue, consumers still attached',
    );
    await dropQueue(session, 'londiste.write', { force: true });
    expect(await session.query(`select relname from pg_class where relname ~ '^event_1'`)).toEqual([]);
    await refuses(`pgq.drop_queue('londiste.write')`, 'No such event queue');
  });

  it('configures queues', async () => {
    await createQueue(session, 'q');
    await setQueueConfig(session, 'q', 'ticker_max_lag', '20 milliseconds');
    await setQueueConfig(session, 'q', 'ticker_max_count', '7');
    expect(await getQueueInfo(session, 'q')).toMatchObject({
      tickerMaxLag: '00:00:00.02',
      tickerMaxCount: 7,
    });
    await refuses(`pgq.set_queue_config('q', null, '1')`, 'Invalid NULL value');
    await refuses(`pgq.set_queue_config('x', 'ticker_max_lag', '1')`, 'No such event queue');
    await refuses(`pgq.set_queue_config('q', 'foo', '1')`, 'cannot change parameter "foos"');
    await refuses(`pgq.set_queue_config('q', 'ticker_max_count', 'many')`, /SQLSTATE 22P02/);
    await expect(setQueueConfig(session, 'q', 'ticker_max_lag', 'soon')).rejects.toThrow(
      'bad value for ticker_max_lag: soon',
    );
    expect(await call(`pgq.tune_storage('q')`)).toBe(1);
    expect(await call(`pgq.tune_storage('x')`)).toBe(0);
    expect(await call(`pgq.grant_perms('x')`)).toBe(0);
  });

  it('writes events', async () => {
    await eagerQueue(session);
    expect(await write(session, 'one')).toBe(1);
    const id = await insertEvent(session, 'q', { type: 't', data: null, extra1: '1', extra4: '4' });
    expect(
      await call(
        `pgq.insert_event_raw('q', 100, '2001-02-03 04:05:06+00', null, 3, 'raw', 'd', 'a', 'b', 'c', 'd')`,
      ),
    ).toBe(100);
    expect(
      await call(`pgq.insert_event_raw('q', null, null, null, null, 'raw', 'd', null, null, null, null)`),
    ).toBe(4);
    await tickerOf(session, 'q');
    const batch = await nextBatch(session, 'q', 'c');
    expect(
      await session.query(
        `select ev_id, ev_retry, ev_type, ev_data, ev_extra1, ev_extra2, ev_extra3, ev_extra4,
           ev_time = '2001-02-03 04:05:06+00' as old from pgq.get_batch_events($1) where ev_id <> 1`,
        [batch],
      ),
    ).toEqual([
      {
        ev_id: id,
        ev_retry: null,
        ev_type: 't',
        ev_data: null,
        ev_extra1: '1',
        ev_extra2: null,
        ev_extra3: null,
        ev_extra4: '4',
        old: false,
      },
      {
        ev_id: 4,
        ev_retry: null,
        ev_type: 'raw',
        ev_data: 'd',
        ev_extra1: null,
        ev_extra2: null,
        ev_extra3: null,
        ev_extra4: null,
        old: false,
      },
      {
        ev_id: 100,
        ev_retry: 3,
        ev_type: 'raw',
        ev_data: 'd',
        ev_extra1: 'a',
        ev_extra2: 'b',
        ev_extra3: 'c',
        ev_extra4: 'd',
        old: true,
      },
    ]);
    await refuses(`pgq.insert_event(null, 't', 'd')`, 'Queue name must not be NULL');
    await refuses(`pgq.insert_event('x', 't', 'd')`, 'No such queue');
    expect(await currentEventTable(session, 'q')).toBe('pgq.event_1_0');
    await refuses(`pgq.current_event_table('x')`, 'Event queue not found');
  });

  it('refuses events of a queue that takes none, except from a replica session', async () => {
    await eagerQueue(session);
    await session.query(`update pgq.queue set queue_disable_insert = true`);
    await refuses(`pgq.insert_event('q', 't', 'd')`, 'Insert into queue disallowed');
    await refuses(`pgq.current_event_table('q')`, 'Writing to queue disabled');
    await asSuperuser(
      settings.port,
      async (admin) => {
        await admin.query('set session_replication_role = replica');
        expect(await write(admin, 'replica')).toBe(1);
        expect(await currentEventTable(admin, 'q')).toBe('pgq.event_1_0');
      },
      settings.database,
    );
  });

  it('limits the events of one transaction', async () => {
    await eagerQueue(session);
    await session.query(`update pgq.queue set queue_per_tx_limit = 2`);
    for (let n = 0; n < 3; n += 1) await write(session, 'alone');
    await session.query('begin');
    await write(session, 'first');
    await session.query('savepoint one');
    await write(session, 'taken back');
    await session.query('rollback to savepoint one');
    await write(session, 'second');
    await refuses(`pgq.insert_event('q', 't', 'third')`, `Queue 'q' allows max 2 events from one TX`);
    await session.query('rollback');
  });

  it('registers and moves consumers', async () => {
    await refuses(`pgq.register_consumer('q', 'c')`, 'Event queue not created yet');
    await eagerQueue(session, 'q', 'first');
    await write(session, 'before');
    await tickerOf(session, 'q');
    expect(await registerConsumer(session, 'q', 'c')).toBe(true);
    expect(await registerConsumer(session, 'q', 'c')).toBe(false);
    await write(session, 'after');
    expect(await deliver(session)).toEqual(['after']);
    expect(await registerConsumerAt(session, 'q', 'c', 1)).toBe(false);
    expect((await drain(session)).map(({ data }) => data)).toEqual(['before', 'after']);
    await refuses(`pgq.register_consumer_at('q', 'c', 4711)`, 'cannot reposition, tick not found: 4711');
    await refuses(`pgq.register_consumer_at('q', 'new', 4711)`, 'cannot reposition, tick not found: 4711');
    expect(await unregisterConsumer(session, 'q', 'c')).toBe(1);
    expect(await unregisterConsumer(session, 'q', 'c')).toBe(0);
    expect(await session.query('select co_name from pgq.consumer')).toEqual([{ co_name: 'first' }]);
    await session.query('delete from pgq.subscription; delete from pgq.tick');
    await refuses(
      `pgq.register_consumer('q', 'c')`,
      'No ticks for this queue.  Please run ticker on database.',
    );
  });

  it('registers one consumer from many sessions at once', async () => {
    await eagerQueue(session);
    const made = await Promise.all(
      Array.from({ length: 8 }, async () => {
        await using other = await Session.open(settings, { side: 'database', applicationName: 'test' });
        return await registerConsumer(other, 'q', 'same');
      }),
    );
    expect(made.filter((is) => is)).toHaveLength(1);
  });

  it('hands out batches', async () => {
    await eagerQueue(session);
    await refuses(`pgq.next_batch('q', 'x')`, 'Not subscriber to queue: q/x');
    await refuses(`pgq.next_batch(null, 'x')`, 'Not subscriber to queue: NULL/x');
    expect(await nextBatch(session, 'q', 'c')).toBeUndefined();
    expect(await nextBatchInfo(session, 'q', 'c')).toBeUndefined();
    await write(session, 'one');
    await tickerOf(session, 'q');
    const batch = await nextBatchInfo(session, 'q', 'c');
    expect(batch).toMatchObject({ prevTickId: 1, curTickId: 2, prevTickEventSeq: 0, curTickEventSeq: 1 });
    expect(await nextBatchInfo(session, 'q', 'c')).toEqual(batch);
    expect(await nextBatch(session, 'q', 'c')).toBe(batch?.batchId);
    const id = batch?.batchId ?? 0;
    expect(
      await session.query(
        `select queue_name, consumer_name, prev_tick_id, tick_id, seq_start, seq_end, lag > '0' as lag,
           batch_start < batch_end as is_forward from pgq.get_batch_info($1)`,
        [id],
      ),
    ).toEqual([
      {
        queue_name: 'q',
        consumer_name: 'c',
        prev_tick_id: 1,
        tick_id: 2,
        seq_start: 0,
        seq_end: 1,
        lag: true,
        is_forward: true,
      },
    ]);
    expect(await call(`(pgq.get_batch_info(4711)).queue_name`)).toBeNull();
    expect(await session.query(await batchEventSql(session, id))).toMatchObject([{ ev_data: 'one' }]);
    expect(await finishBatch(session, id)).toBe(true);
    expect(await finishBatch(session, id)).toBe(false);
    expect(warnings).toEqual([`finish_batch: batch ${id} not found`]);
    await refuses(`pgq.batch_event_sql(${id})`, 'batch not found');
    await refuses(`count(*) from pgq.get_batch_events(${id})`, 'batch not found');
    await refuses(`count(*) from pgq.batch_event_tables(${id})`, `Cannot find data for batch ${id}`);
    await session.query(`update pgq.subscription set sub_last_tick = 4711`);
    await refuses(`pgq.next_batch('q', 'c')`, 'PgQ corruption: Consumer c on queue q does not see tick 4711');
  });

  it('merges ticks into batches as large as is asked for', async () => {
    await eagerQueue(session);
    for (let n = 1; n <= 10; n += 1) {
      await write(session, `${n}`);
      await tickerOf(session, 'q');
    }
    expect(await nextBatchCustom(session, 'q', 'c', { minCount: 11 })).toBeUndefined();
    expect(await nextBatchCustom(session, 'q', 'c', { minLag: '1 hour' })).toBeUndefined();
    expect(await nextBatchCustom(session, 'q', 'c', { minInterval: '1 hour' })).toBeUndefined();
    const three = await nextBatchCustom(session, 'q', 'c', { minCount: 3 });
    expect(three).toMatchObject({ prevTickId: 1, curTickId: 4 });
    await finishBatch(session, three?.batchId ?? 0);
    const rest = await nextBatchCustom(session, 'q', 'c', { minCount: 4 });
    expect(rest, 'the last tick is within twice the limit').toMatchObject({ prevTickId: 4, curTickId: 11 });
    await finishBatch(session, rest?.batchId ?? 0);
  });

  it('gives one batch to one of two sessions that ask at once', async () => {
    await eagerQueue(session);
    await using other = await Session.open(settings, { side: 'database', applicationName: 'test' });
    for (let n = 0; n < 20; n += 1) {
      await tickerOf(session, 'q');
      const [a, b] = await Promise.all([nextBatch(session, 'q', 'c'), nextBatch(other, 'q', 'c')]);
      expect(a).toBeDefined();
      expect(a).toBe(b);
      await finishBatch(session, a ?? 0);
    }
  });

  it('opens cursors over batches', async () => {
    await eagerQueue(session);
    for (let n = 1; n <= 5; n += 1) await write(session, `${n}`);
    await tickerOf(session, 'q');
    const batch = await nextBatch(session, 'q', 'c');
    await session.query('begin');
    const cursor = 'odd "name"; drop';
    expect(
      await session.query(`select ev_data from pgq.get_batch_cursor($1, $2, 2)`, [batch, cursor]),
    ).toEqual([{ ev_data: '1' }, { ev_data: '2' }]);
    expect(await session.query(`fetch all from "odd ""name""; drop"`)).toHaveLength(3);
    expect(await session.query(`select * from pgq.get_batch_cursor($1, 'zero', 0)`, [batch])).toEqual([]);
    expect(await session.query('fetch all from zero')).toHaveLength(5);
    expect(await session.query(`select * from pgq.get_batch_cursor($1, null, 0)`, [batch])).toEqual([]);
    await session.query('commit');
  });

  it('retries events', async () => {
    await eagerQueue(session);
    for (let n = 1; n <= 3; n += 1) await write(session, `${n}`);
    await tickerOf(session, 'q');
    const batch = (await nextBatch(session, 'q', 'c')) ?? 0;
    expect(await call(`pgq.event_retry(${batch}, 2, -1)`)).toBe(1);
    expect(await call(`pgq.event_retry(${batch}, 2, now())`)).toBe(0);
    await refuses(`pgq.event_retry(${batch}, 4711, 0)`, 'event not found');
    expect(await call(`pgq.batch_retry(${batch}, 3600)`)).toBe(2);
    await refuses(`pgq.batch_retry(4711, 0)`, 'batch_retry: batch 4711 not found');
    await finishBatch(session, batch);
    expect(await maintRetryEvents(session)).toBe(1);
    expect(await maintRetryEvents(session)).toBe(0);
    await tickerOf(session, 'q');
    const again = await nextBatch(session, 'q', 'c');
    expect(await session.query(`select ev_id, ev_retry from pgq.get_batch_events($1)`, [again])).toEqual([
      { ev_id: 2, ev_retry: 1 },
    ]);
    expect(
      await call(`pgq.event_retry_raw('q', 'c', now(), null, now(), 1, 't', 'd', null, null, null, null)`),
    ).toBe(5);
    await refuses(
      `pgq.event_retry_raw('q', 'x', now(), null, now(), 1, 't', 'd', null, null, null, null)`,
      'consumer not registered',
    );
    expect(await unregisterConsumer(session, 'q', 'c')).toBe(1);
    expect(await value(session, 'select count(*) from pgq.retry_queue')).toBe(0);
  });

  it('ticks by events, by time, and ever less often when idle', async () => {
    await createQueue(session, 'q');
    const tick = (): Promise<unknown> => tickerOf(session, 'q');
    const age = (interval: string): Promise<unknown> =>
      session.query(`update pgq.tick set tick_time = tick_time - interval '${interval}'`);
    expect(await tick(), 'a single tick is followed at once').toBe(2);
    expect(await tick()).toBeUndefined();
    await write(session, 'one');
    expect(await tick(), 'one event, younger than max_lag').toBeUndefined();
    await age('3 seconds');
    expect(await tick(), 'max_lag').toBe(3);
    await setQueueConfig(session, 'q', 'ticker_max_count', '2');
    await write(session, 'two');
    expect(await tick()).toBeUndefined();
    await write(session, 'three');
    expect(await tick(), 'max_count').toBe(4);
    await age('0.5 seconds');
    expect(await tick(), 'idle, less than max_lag / 2').toBeUndefined();
    await age('1 second');
    expect(await tick()).toBe(5);
    await age('2 seconds');
    expect(await tick(), 'idle, less than twice the gap before').toBeUndefined();
    await age('2 seconds');
    expect(await tick()).toBe(6);
    await age('61 seconds');
    expect(await tick(), 'idle_period').toBe(7);

    await refuses(`pgq.ticker('x')`, 'no such queue');
    await setQueueConfig(session, 'q', 'ticker_paused', 'true');
    await refuses(`pgq.ticker('q')`, 'Ticker has been paused for this queue');
    expect(await call('pgq.ticker()')).toBe(0);
    await setQueueConfig(session, 'q', 'external_ticker', 'true');
    await refuses(`pgq.ticker('q')`, 'This queue has external tick source.');
    await refuses(`pgq.ticker('q', 10, now(), 10)`, 'queue not found or ticker disabled: q');
    await setQueueConfig(session, 'q', 'ticker_paused', 'false');
    expect(await call(`pgq.ticker('q', 10, '2001-02-03 04:05:06.000007+00', 50)`)).toBe(10);
    expect(await lastTick(session, 'q')).toMatchObject({
      tickId: 10,
      tickTime: '2001-02-03 04:05:06.000007+00',
      eventSeq: 50,
    });
    expect(await call(`pgq.seq_getval('pgq.event_1_tick_seq')`)).toBe(10);
    expect(await call(`pgq.seq_setval('pgq.event_1_id_seq', 40)`)).toBe(50);
    await refuses(`pgq.ticker('q', 10, now(), 50)`, 'tick_pkey');
    await session.query(`select pgq.ticker('q', 11, now(), 20)`);
    expect(warnings).toEqual(['Negative new_events?  old=50 cur=20']);
  });

  it('tells about queues and consumers', async () => {
    await eagerQueue(session);
    await eagerQueue(session, 'r', 'other');
    await session.query("update pgq.tick set tick_time = tick_time - interval '10 seconds'");
    for (let n = 0; n < 5; n += 1) await write(session, `${n}`);
    await tickerOf(session, 'q');
    await write(session, 'new');
    const [info] = await listQueueInfo(session);
    expect(info).toEqual({
      queueName: 'q',
      tables: 3,
      currentTable: 0,
      rotationPeriod: '02:00:00',
      externalTicker: false,
      tickerPaused: false,
      tickerMaxCount: 500,
      tickerMaxLag: '00:00:00',
      tickerIdlePeriod: '00:00:00',
      tickerLag: expect.any(Number) as number,
      eventsPerSecond: expect.closeTo(0.5, 1) as number,
      newEvents: 1,
      lastTickId: 2,
    });
    expect(await getQueueInfo(session, 'x')).toBeUndefined();
    expect(await session.query('select queue_name from pgq.get_queue_info()')).toHaveLength(2);
    const consumer = await getConsumerInfo(session, 'q', 'c');
    expect(consumer).toEqual({
      queueName: 'q',
      consumerName: 'c',
      lag: expect.closeTo(10, -1) as number,
      lastSeen: expect.any(Number) as number,
      lastTick: 1,
      currentBatch: null,
      nextTick: null,
      pendingEvents: 6,
    });
    expect((await listConsumerInfo(session)).map(({ consumerName }) => consumerName)).toEqual(['c', 'other']);
    expect(await listConsumerInfo(session, 'r')).toHaveLength(1);
    expect(await session.query(`select * from pgq.get_consumer_info()`)).toHaveLength(2);
    expect(await session.query(`select * from pgq.get_consumer_info('q')`)).toHaveLength(1);
    expect(await getConsumerInfo(session, 'q', 'x')).toBeUndefined();
  });

  it('lists what maintenance has to do', async () => {
    await eagerQueue(session, 'a');
    await eagerQueue(session, 'b');
    expect(await maintOperations(session)).toEqual([]);
    await session.query(
      `update pgq.queue set queue_rotation_period = '-1 second', queue_extra_maint = array['public.one', 'public.two']
       where queue_name = 'b'`,
    );
    const step1 = { functionName: 'pgq.maint_rotate_tables_step1', argument: 'b' };
    const step2 = { functionName: 'pgq.maint_rotate_tables_step2', argument: null };
    const extra = ['one', 'two'].map((name) => ({ functionName: `public.${name}`, argument: 'b' }));
    expect(await maintOperations(session)).toEqual([step1, step2, ...extra]);
    await pass(session, 'b');
    await session.query(`select pgq.maint_rotate_tables_step1('b')`);
    expect(await maintOperations(session)).toEqual([step2, ...extra]);
    expect(await session.query('select * from pgq.maint_tables_to_vacuum()')).toEqual([]);
  });

  it('quotes names and reads sequences, odd ones too', async () => {
    expect(await call(`pgq.quote_fqname('Foo.Bar.x')`)).toBe('"Foo"."Bar.x"');
    expect(await call(`pgq.quote_fqname('plain')`)).toBe('public.plain');
    await session.query('create schema "Odd"; create sequence "Odd"."se q" start 7');
    expect(await call(`pgq.seq_getval('Odd.se q')`)).toBe(7);
    expect(await call(`pgq.seq_setval('Odd.se q', 9)`)).toBe(9);
    expect(await call(`pgq.seq_setval('Odd.se q', 5)`)).toBe(9);
  });
});
