/** Every function of the API: its name and arguments, its results, its errors. Who may call it is in roles.test.ts. */
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { Session } from '../../../src/db/session.js';
import { open } from '../../support/databases.js';
import { api } from './functions.js';
import { eagerQueue, pgqDatabase, value, write } from './pgq-database.js';

/** As `functions.ts` says. */
async function prepare(session: Session): Promise<void> {
  await eagerQueue(session);
  await write(session, 'one');
  await write(session, 'two');
  await session.query(`select pgq.ticker('q')`);
  await session.query(`select pgq.next_batch('q', 'c')`);
  await session.query(`select pgq.create_queue('empty')`);
  await session.query(
    `update pgq.queue set queue_ticker_max_lag = default, queue_ticker_idle_period = default where queue_name = 'q'`,
  );
}

describe.each(['oldest', 'newest'] as const)('every function of PgQ on %s', (which) => {
  let session: Session;

  beforeAll(async () => {
    session = await open(await pgqDatabase(which));
    await prepare(session);
  });

  afterAll(() => session.end());

  /** In a transaction of its own, which leaves nothing. */
  async function called(call: string, given?: string): Promise<unknown> {
    await session.query('begin');
    try {
      if (given !== undefined) await session.execute(given);
      return await value(session, `select ${call}`);
    } finally {
      await session.query('rollback');
    }
  }

  it.each(api.map((one) => [one.signature, one] as const))(
    '%s',
    async (signature, { results, errors = [] }) => {
      const known = await session.query(
        `select from pg_proc p where p.pronamespace = 'pgq'::regnamespace
         and p.proname || '(' || regexp_replace(pg_get_function_arguments(p.oid), '(^|, )OUT .*$', '') || ')' = $1`,
        [signature],
      );
      expect(known, 'there is a function of that very signature').toHaveLength(1);
      for (const [call, expected, given] of results)
        expect(await called(call, given), call).toEqual(expected);
      for (const [call, message, given] of errors) {
        const failure: unknown = await called(call, given).then(
          () => 'no error',
          (error: unknown) =>
            error instanceof Error && error.cause instanceof Error ? error.cause.message : error,
        );
        expect(String(failure).slice(0, message.length), call).toBe(message);
      }
    },
  );

  it('pins the search path of everything that runs with the rights of its owner', async () => {
    const definers = await session.query<{ name: string; settings: string[] | null }>(
      `select p.oid::regprocedure::text as name, p.proconfig as settings
       from pg_proc p where p.pronamespace = 'pgq'::regnamespace and p.prosecdef`,
    );
    expect(definers.length).toBeGreaterThan(20);
    for (const { name, settings } of definers) {
      expect(settings, name).toContain('search_path=pg_catalog, pg_temp');
    }
  });
});
