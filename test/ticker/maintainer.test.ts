import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { ConnectSettings, Session } from '../../src/db/session.js';
import { arm, disarmAll } from '../../src/kernel/tap.js';
import { maintainOnce } from '../../src/ticker/maintainer.js';
import { open } from '../support/databases.js';
import { deliver, eagerQueue, pass, pgqDatabase, value, write } from '../sql/pgq/pgq-database.js';

describe.each(['oldest', 'newest'] as const)('maintenance on %s', (which) => {
  let settings: ConnectSettings;
  let session: Session;

  beforeEach(async () => {
    settings = await pgqDatabase(which);
    session = await open(settings);
    await eagerQueue(session);
    return () => session.end();
  });

  afterEach(() => disarmAll());

  it('has nothing to do in a young queue', async () => {
    expect(await maintainOnce(session)).toEqual({ retried: 0, operations: [], failures: [] });
  });

  it('brings all events back whose time has come', async () => {
    for (let n = 1; n <= 25; n += 1) await write(session, `${n}`);
    await session.query(`select pgq.ticker('q')`);
    const batch = await value<number>(session, `select pgq.next_batch('q', 'c')`);
    await session.query('select pgq.batch_retry($1, 0), pgq.finish_batch($1)', [batch]);
    expect(await maintainOnce(session)).toMatchObject({ retried: 25 });
    expect(await deliver(session)).toHaveLength(25);
  });

  it('rotates, and a crash between the two steps is mended by the next pass', async () => {
    await pass(session);
    await session.query(`update pgq.queue set queue_rotation_period = '-1 second'`);
    const state = (): Promise<unknown> =>
      session.one('select queue_cur_table as current, queue_switch_step2 is null as between from pgq.queue');

    let crashes = 0;
    arm('ticker.between-rotation-steps', () => {
      crashes += 1;
      session.destroy();
      throw new Error('crash');
    });
    await expect(maintainOnce(session)).rejects.toThrow('crash');
    expect(crashes).toBe(1);
    disarmAll();

    session = await open(settings);
    expect(await state()).toEqual({ current: 1, between: true });
    await maintainOnce(session);
    expect(await state()).toEqual({ current: 1, between: false });
    await write(session, 'after');
    expect(await deliver(session)).toEqual(['after']);
  });

  it('calls what queues ask for until it says 0, goes on after a failure, and calls nothing but functions', async () => {
    await session.query(
      `create table public.calls (queue text);
       create function public.thrice(queue text) returns integer language sql as
         $$ insert into public.calls values (queue); select 3 - count(*)::integer from public.calls $$;
       update pgq.queue set queue_extra_maint =
         array['public.missing', 'public.thrice', 'pg_catalog.pg_sleep(60), public.thrice']`,
    );
    const { failures } = await maintainOnce(session);
    expect(failures.map(({ operation, error }) => [operation.functionName, error.sqlstate])).toEqual([
      ['public.missing', '42883'],
      ['pg_catalog.pg_sleep(60), public.thrice', undefined],
    ]);
    expect(await value(session, 'select count(*) from public.calls')).toBe(3);
  });

  it('calls londiste.periodic_maintenance where there is one', async () => {
    await session.query(
      `create schema londiste; create function londiste.periodic_maintenance() returns integer language sql as 'select 0'`,
    );
    expect((await maintainOnce(session)).operations).toEqual([
      { functionName: 'londiste.periodic_maintenance', argument: null },
    ]);
  });
});
