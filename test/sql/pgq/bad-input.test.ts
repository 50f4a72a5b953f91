/** What nobody should send: odd names, payloads of nothing and of 100 MB, text that the database cannot hold. */
import { describe, expect, it } from 'vitest';
import { registerConsumer } from '../../../src/pgq/consumer.js';
import { createQueue, dropQueue } from '../../../src/pgq/queue.js';
import { createDatabase, open } from '../../support/databases.js';
import { installSchema } from '../../../src/install/install.js';
import { deliver, drain, eagerQueue, pgqDatabase, rotate, value, write } from './pgq-database.js';

const names = [
  '',
  ' ',
  'a.b.c',
  'x'.repeat(63),
  'x'.repeat(200),
  `'; drop table pgq.queue; --`,
  '"quoted" `and` $$dollar$$',
  'back\\slash %s %I',
  'line\nbreak',
  'Größe ♥',
];

describe.each(['oldest', 'newest'] as const)('bad input on %s', (which) => {
  it('any name will do for a queue and a consumer, and its ticks are heard', async () => {
    await using session = await open(await pgqDatabase(which));
    for (const name of names) {
      await eagerQueue(session, name, name);
      const heard: string[] = [];
      await session.listen(await value(session, 'select pgq.tick_channel($1)', [name]), (payload) =>
        heard.push(payload),
      );
      expect(await createQueue(session, name)).toBe(false);
      expect(await registerConsumer(session, name, name)).toBe(false);
      await write(session, name, name);
      expect(await deliver(session, name, name), name).toEqual([name]);
      expect(heard, name).toHaveLength(1);
      await rotate(session, name);
      expect(await value(session, 'select count(*) from pgq.get_consumer_info($1, $1)', [name])).toBe(1);
      await dropQueue(session, name, { force: true });
    }
    expect(await session.query('select from pgq.queue')).toEqual([]);
    expect(await session.query('select from pgq.consumer')).toEqual([]);
  });

  it('nulls are refused, or mean nothing', async () => {
    await using session = await open(await pgqDatabase(which));
    await eagerQueue(session);
    const refused: [call: string, message: string | RegExp][] = [
      [`pgq.register_consumer('q', null)`, /null value|required|SQLSTATE 23502/],
      [`pgq.register_consumer(null, 'c')`, 'Event queue not created yet'],
      [`pgq.next_batch('q', null)`, 'Not subscriber to queue: q/NULL'],
      [`pgq.get_batch_events(null)`, 'batch not found'],
      [`pgq.event_retry(null, 1, 0)`, 'batch not found'],
      [`pgq.batch_retry(null, 0)`, 'not found'],
      [`pgq.drop_queue(null)`, 'No such event queue'],
      [`pgq.current_event_table(null)`, 'Event queue not found'],
      [`pgq.ticker(null)`, 'no such queue'],
    ];
    for (const [call, message] of refused)
      await expect(session.query(`select ${call}`), call).rejects.toThrow(message);
    const nothing = [
      'finish_batch(null)',
      `unregister_consumer(null, null)`,
      'tune_storage(null)',
      'maint_rotate_tables_step1(null)',
      'maint_ticks(null)',
    ];
    for (const call of nothing) expect(await value(session, `select pgq.${call}`), call).toBe(0);
    expect(await session.query(`select * from pgq.get_batch_cursor(null, 'x', 1, 'true')`)).toEqual([]);
    await write(session, 'after');
    expect(await deliver(session)).toEqual(['after']);
  });

  it('a batch finished twice and a retry of what is not in the batch change nothing', async () => {
    await using session = await open(await pgqDatabase(which));
    await eagerQueue(session);
    await write(session, 'one');
    await session.query('select pgq.ticker()');
    const batch = await value<number>(session, `select pgq.next_batch('q', 'c')`);
    await write(session, 'two');
    await session.query('select pgq.ticker()');
    await expect(session.query('select pgq.event_retry($1, 2, 0)', [batch])).rejects.toThrow(
      'event not found',
    );
    expect(await value(session, 'select pgq.finish_batch($1)', [batch])).toBe(1);
    expect(await value(session, 'select pgq.finish_batch($1)', [batch])).toBe(0);
    await expect(session.query('select pgq.event_retry($1, 1, 0)', [batch])).rejects.toThrow(
      'batch not found',
    );
    expect((await drain(session)).map(({ data }) => data)).toEqual(['two']);
    expect(await session.query('select from pgq.retry_queue')).toEqual([]);
  });

  it('payloads of nothing and of 100 MB come out as they went in', async () => {
    await using session = await open(await pgqDatabase(which));
    await eagerQueue(session);
    await write(session, '');
    await session.query(
      `select pgq.insert_event('q', 'large', repeat('0123456789', 10485760)), pgq.insert_event('q', null, null)`,
    );
    await session.query('select pgq.ticker()');
    const batch = await value<number>(session, `select pgq.next_batch('q', 'c')`);
    expect(
      await session.query(
        `select length(ev_data) as length, ev_data = repeat('0123456789', 10485760) as large from pgq.get_batch_events($1)`,
        [batch],
      ),
    ).toEqual([
      { length: 0, large: false },
      { length: 104_857_600, large: true },
      { length: null, large: null },
    ]);
    expect(await value(session, 'select pgq.event_retry($1, 2, 0)', [batch])).toBe(1);
    await session.query('select pgq.finish_batch($1)', [batch]);
    expect(await value(session, 'select pgq.maint_retry_events()')).toBe(1);
    await session.query('select pgq.ticker()');
    const again = await value<number>(session, `select pgq.next_batch('q', 'c')`);
    expect(
      await session.query('select length(ev_data) as length from pgq.get_batch_events($1)', [again]),
    ).toEqual([{ length: 104_857_600 }]);
  });

  it('text that the database cannot hold is refused, and the next event goes in', async () => {
    const settings = await createDatabase(which, { encoding: 'LATIN1' });
    await using latin = await open(settings);
    await installSchema(latin, 'pgq');
    await using utf8 = await open(await pgqDatabase(which));
    for (const [session, bad, sqlstate] of [
      [latin, `U&'\\2665'`, '22P05'],
      [utf8, `E'\\377'`, '22021'],
      [utf8, `convert_from('\\xff', 'UTF8')`, '22021'],
    ] as const) {
      await session.query('select pgq.create_queue($1)', ['q']);
      await session.query(`update pgq.queue set queue_ticker_max_lag = '0', queue_ticker_idle_period = '0'`);
      await session.query(`select pgq.register_consumer('q', 'c')`);
      await expect(session.query(`select pgq.insert_event('q', 't', ${bad})`), bad).rejects.toMatchObject({
        sqlstate,
      });
      await write(session, 'Größe');
      expect(await deliver(session)).toEqual(['Größe']);
    }
  });
});
