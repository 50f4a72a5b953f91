/** Dead letters, and decisions about many events of a batch at once. */
import { beforeEach, describe, expect, it } from 'vitest';
import { open } from '../../support/databases.js';
import type { ConnectSettings, Session } from '../../../src/db/session.js';
import { inTransaction } from '../../../src/db/transaction.js';
import { finishBatch, nextBatch } from '../../../src/pgq/batch.js';
import { maintRetryEvents } from '../../../src/pgq/maintenance.js';
import { deliver, drain, eagerQueue, pgqDatabase, value, write } from './pgq-database.js';

describe.each(['oldest', 'newest'] as const)('dead letters on %s', (which) => {
  let settings: ConnectSettings;
  let session: Session;

  beforeEach(async () => {
    settings = await pgqDatabase(which);
    session = await open(settings);
    await eagerQueue(session);
    return () => session.end();
  });

  /** A batch of new events, whose ids come back. */
  const batchOf = async (...data: string[]): Promise<{ batch: number; ids: number[] }> => {
    const ids: number[] = [];
    for (const each of data) ids.push(await write(session, each));
    await session.query(`select pgq.ticker('q')`);
    for (;;) {
      const batch = await nextBatch(session, 'q', 'c');
      if (batch === undefined) throw new Error('no batch');
      const { n } = await session.one<{ n: number }>(
        'select count(*)::int as n from pgq.get_batch_events($1)',
        [batch],
      );
      if (n > 0) return { batch, ids };
      await finishBatch(session, batch);
    }
  };
  const letters = (): Promise<Record<string, unknown>[]> =>
    session.query(
      `select ev_id, dl_consumer, dl_reason, ev_data, ev_retry from pgq.get_dead_events(null, null)`,
    );
  const refuses = (text: string, message: string | RegExp): Promise<void> =>
    expect(session.query(text), text).rejects.toThrow(message);

  it('keeps an event that was given up, once, with the reason', async () => {
    const { batch, ids } = await batchOf('a', 'b');
    expect(await value(session, 'select pgq.event_dead($1, $2, $3)', [batch, ids[1], 'bad'])).toBe(1);
    expect(await value(session, 'select pgq.event_dead($1, $2, $3)', [batch, ids[1], 'worse'])).toBe(0);
    expect(await letters()).toEqual([
      { ev_id: ids[1], dl_consumer: 'c', dl_reason: 'bad', ev_data: 'b', ev_retry: null },
    ]);
    expect(await session.query(`select from pgq.get_dead_events('q', 'c')`)).toHaveLength(1);
    expect(await session.query(`select from pgq.get_dead_events('q', 'other')`)).toEqual([]);
    expect(await session.query(`select from pgq.get_dead_events('other', null)`)).toEqual([]);
    await refuses(`select pgq.event_dead(${batch}, 999999, 'x')`, 'event not found');
    await refuses(`select pgq.event_dead(999999, 1, 'x')`, 'batch not found');
  });

  it('gives a letter back to its consumer, due at once and never retried', async () => {
    const { batch, ids } = await batchOf('a');
    await session.query('select pgq.event_dead($1, $2, null)', [batch, ids[0]]);
    await finishBatch(session, batch);
    const letter = await value<number>(session, 'select dl_id from pgq.dead_letter');
    expect(await value(session, 'select pgq.dead_retry($1)', [letter])).toBe(ids[0]);
    expect(await letters()).toEqual([]);
    expect(await maintRetryEvents(session)).toBe(1);
    expect(await deliver(session)).toEqual(['a']);
    await refuses(`select pgq.dead_retry(${letter})`, `dead letter not found: ${letter}`);
  });

  it('keeps the letters of a consumer that is gone, and says that nobody is there to get them', async () => {
    const { batch, ids } = await batchOf('a');
    await session.query('select pgq.event_dead($1, $2, null)', [batch, ids[0]]);
    await session.query(`select pgq.unregister_consumer('q', 'c')`);
    expect(await letters()).toHaveLength(1);
    const letter = await value<number>(session, 'select dl_id from pgq.dead_letter');
    await refuses(`select pgq.dead_retry(${letter})`, 'consumer not registered');
    expect(await letters()).toHaveLength(1);
  });

  it('purges by queue, consumer and age, and loses letters with their queue', async () => {
    const { batch, ids } = await batchOf('old', 'new');
    await session.query('select pgq.events_dead($1, $2, $3)', [batch, ids, ['x', 'y']]);
    await session.query(
      `update pgq.dead_letter set dl_time = now() - interval '2 days' where ev_data = 'old'`,
    );
    expect(await value(session, `select pgq.dead_purge('q', 'other', null)`)).toBe(0);
    await refuses(`select pgq.dead_purge('nowhere', null, null)`, 'No such event queue');
    expect(await value(session, `select pgq.dead_purge('q', 'c', '1 day')`)).toBe(1);
    expect((await letters()).map(({ ev_data }) => ev_data)).toEqual(['new']);
    await session.query(`select pgq.drop_queue('q', true)`);
    expect(await value(session, 'select count(*) from pgq.dead_letter')).toBe(0);
  });

  it('puts many events aside at once, each for its own time, all or none', async () => {
    const { batch, ids } = await batchOf('a', 'b', 'c');
    await refuses(`select pgq.events_retry(${batch}, '{${ids[0]},999999}', '{0,0}')`, 'event not found');
    await refuses(`select pgq.events_dead(${batch}, '{${ids[0]},999999}', '{x,y}')`, 'event not found');
    expect(await value(session, 'select count(*) from pgq.retry_queue')).toBe(0);
    expect(await letters()).toEqual([]);

    const retry = 'select pgq.events_retry($1, $2, $3)';
    expect(await value(session, retry, [batch, [ids[0], ids[2]], [0, 3600]])).toBe(2);
    expect(await value(session, retry, [batch, ids, [0, 0, 0]])).toBe(1);
    await finishBatch(session, batch);
    expect(await maintRetryEvents(session)).toBe(2);
    expect((await deliver(session)).sort()).toEqual(['a', 'b']);
    expect(await session.query('select ev_data, ev_retry from pgq.retry_queue')).toEqual([
      { ev_data: 'c', ev_retry: 1 },
    ]);
  });

  it('hides what is staged until it is released, and forgets it otherwise', async () => {
    const { batch, ids } = await batchOf('a', 'b', 'c', 'd');
    const stage = async (): Promise<void> => {
      await session.query('select pgq.events_retry($1, $2, $3)', [batch, [ids[0], ids[1]], [null, null]]);
      await session.query('select pgq.events_dead($1, $2, $3, true)', [batch, [ids[2], ids[3]], ['x', 'y']]);
    };
    await stage();
    expect(await maintRetryEvents(session)).toBe(0);
    expect(await letters()).toEqual([]);
    await refuses('select pgq.dead_retry(dl_id) from pgq.dead_letter limit 1', 'dead letter not found');
    expect(await value(session, 'select pgq.dead_purge(null, null, null)')).toBe(0);

    expect(await value(session, 'select pgq.drop_staged($1)', [batch])).toBe(4);
    expect(await value(session, 'select count(*) from pgq.retry_queue')).toBe(0);

    await stage();
    const some = [batch, [ids[1]], [0], [ids[3]]];
    expect(await value(session, 'select pgq.release_staged($1, $2, $3, $4)', some)).toBe(2);
    expect((await letters()).map(({ ev_data }) => ev_data)).toEqual(['d']);
    expect(await session.query('select ev_data from pgq.retry_queue')).toEqual([{ ev_data: 'b' }]);
    expect(await maintRetryEvents(session)).toBe(1);

    await stage();
    expect(await value(session, 'select pgq.release_staged($1, null, null, null)', [batch])).toBe(3);
    expect((await letters()).map(({ ev_data }) => ev_data).sort()).toEqual(['c', 'd']);
    await finishBatch(session, batch);
    await maintRetryEvents(session);
    expect(new Set((await drainAll()).map((data) => data))).toEqual(new Set(['a', 'b']));
  });

  const drainAll = async (): Promise<string[]> => {
    await session.query(`select pgq.ticker('q')`);
    return (await drain(session)).map(({ data }) => data ?? '');
  };

  it('fetches from a cursor no more than was asked for and one event', async () => {
    const { batch } = await batchOf('x'.repeat(1000), 'y'.repeat(5000), 'z'.repeat(10), '', 'w');
    const columns = `ev_id bigint, ev_time timestamptz, ev_txid bigint, ev_retry integer, ev_type text, ev_data text,
      ev_extra1 text, ev_extra2 text, ev_extra3 text, ev_extra4 text`;
    const lengths = await inTransaction(session, async () => {
      await session.query(`select from pgq.get_batch_cursor($1, 'it', 0)`, [batch]);
      const fetched: number[][] = [];
      for (;;) {
        const rows = await session.query<{ l: number }>(
          `select length(ev_data) as l from pgq.fetch_events('it', 2000) as e (${columns})`,
        );
        if (rows.length === 0) return fetched;
        fetched.push(rows.map(({ l }) => l));
      }
    });
    expect(lengths).toEqual([
      [1000, 5000],
      [10, 0, 1],
    ]);
    await refuses(`select from pgq.fetch_events('nowhere', 1) as e (${columns})`, 'does not exist');
  });

  it('is not for everybody', async () => {
    const open = await session.query(
      `select p.proname from pg_proc p where p.pronamespace = 'pgq'::regnamespace
         and p.proname ~ 'dead|staged|events_retry|fetch_events|batch_owner'
         and has_function_privilege('public', p.oid, 'execute')`,
    );
    expect(open).toEqual([]);
    expect(await value(session, `select has_table_privilege('public', 'pgq.dead_letter', 'select')`)).toBe(
      false,
    );
  });
});
