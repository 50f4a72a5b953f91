/** What an operator does with the retry queue: pgq.retry_now and pgq.retry_drop. */
import { beforeEach, describe, expect, test } from 'vitest';
import type { ConnectSettings, Session } from '../../../src/db/session.js';
import { listRetryEvents, retryDrop, retryNow } from '../../../src/pgq/retry-queue.js';
import { asSuperuser, open } from '../../support/databases.js';
import { drain, eagerQueue, pgqDatabase, value, write } from './pgq-database.js';

describe.each(['oldest', 'newest'] as const)('the retry queue on %s', (which) => {
  let settings: ConnectSettings;
  let session: Session;

  /** Two queues, a consumer each that has put three events aside for an hour. */
  beforeEach(async () => {
    settings = await pgqDatabase(which);
    session = await open(settings);
    for (const [queue, consumer] of [
      ['q', 'c'],
      ['r', 'd'],
    ] as const) {
      await eagerQueue(session, queue, consumer);
      for (const n of [1, 2, 3]) await write(session, `${queue}${n}`, queue);
      await session.query('select pgq.ticker($1)', [queue]);
      const batch = await value<number>(session, 'select pgq.next_batch($1, $2)', [queue, consumer]);
      await session.query('select pgq.batch_retry($1, 3600), pgq.finish_batch($1)', [batch]);
    }
    return () => session.end();
  });

  const list = async (): Promise<string[]> => {
    const all = await listRetryEvents(session, {}, { most: 100, dataLength: 100 });
    return all
      .map(({ data, consumer, isDue }) => `${data ?? ''} ${consumer ?? ''}${isDue ? ' due' : ''}`)
      .sort();
  };

  test('is hastened and dropped by queue, consumer and id, or as a whole', async () => {
    expect(await list()).toEqual(['q1 c', 'q2 c', 'q3 c', 'r1 d', 'r2 d', 'r3 d']);
    expect(await retryNow(session, { queue: 'q', ids: [1] })).toBe(1);
    expect(await retryNow(session, { consumer: 'd', ids: [1, 2, 99] })).toBe(2);
    expect(await retryNow(session, { queue: 'q', consumer: 'd' })).toBe(0);
    expect(await retryNow(session, { queue: 'nowhere' })).toBe(0);
    expect(await list()).toEqual(['q1 c due', 'q2 c', 'q3 c', 'r1 d due', 'r2 d due', 'r3 d']);
    expect(await retryDrop(session, { queue: 'r', ids: [1] })).toBe(1);
    expect(await retryDrop(session, { consumer: 'c', ids: [2] })).toBe(1);
    expect(await retryDrop(session, { queue: 'q', consumer: 'd' })).toBe(0);
    expect(await list()).toEqual(['q1 c due', 'q3 c', 'r2 d due', 'r3 d']);
    // Two of the four, those that are due, go back.
    expect(await value(session, 'select pgq.maint_retry_events()')).toBe(2);
    await session.query(`select pgq.ticker('q')`);
    expect((await drain(session)).map(({ data }) => data)).toEqual(['q1']);
    expect(await retryNow(session, {})).toBe(2);
    expect(await retryDrop(session, {})).toBe(2);
    expect(await list()).toEqual([]);
  });

  test('what is put aside for a batch that is not finished is left alone', async () => {
    await session.query(`update pgq.retry_queue set ev_retry_after = 'infinity' where ev_id < 3`);
    expect(await list()).toEqual(['q3 c', 'r3 d']);
    expect(await retryNow(session, {})).toBe(2);
    expect(await retryDrop(session, {})).toBe(2);
    expect(await value(session, 'select count(*) from pgq.retry_queue')).toBe(4);
  });

  test('is for the owner and members of pgq_admin', async () => {
    const role = `retry_${which}_${process.pid}`;
    await asSuperuser(settings.port, (admin) => admin.execute(`create role ${role} login`));
    try {
      await using other = await open({ ...settings, user: role });
      for (const call of ['pgq.retry_now(null, null, null)', 'pgq.retry_drop(null, null, null)']) {
        await expect(other.query(`select ${call}`)).rejects.toMatchObject({ kind: 'rights' });
      }
    } finally {
      await asSuperuser(settings.port, (admin) => admin.execute(`drop role ${role}`));
    }
    const pinned = await session.query<{ name: string }>(
      `select proname as name from pg_proc where pronamespace = 'pgq'::regnamespace and proname ~ '^retry_(now|drop)$'
         and prosecdef and proconfig = array['search_path=pg_catalog, pg_temp'] order by 1`,
    );
    expect(pinned.map(({ name }) => name)).toEqual(['retry_drop', 'retry_now']);
  });
});
