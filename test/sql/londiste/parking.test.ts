/** The verbs of parking: what is held on the provider, and what is kept and given back on the subscriber. */
import { beforeAll, beforeEach, describe, expect, it } from 'vitest';
import type { ConnectSettings, Row, Session } from '../../../src/db/session.js';
import { open, type Which } from '../../support/databases.js';
import { createProvider, queue } from '../../support/replica.js';

const us = '00000000-0000-0000-0000-000000000001';
const consumer = 'c';

async function scalar<T>(session: Session, expression: string, ...values: unknown[]): Promise<T> {
  return (await session.one<{ value: T }>(`select ${expression} as value`, values)).value;
}

async function tick(session: Session): Promise<number> {
  await session.query('select pgq.force_tick($1)', [queue]);
  return scalar<number>(session, 'pgq.ticker($1)', queue);
}

async function hold(session: Session, at?: number): Promise<number> {
  return scalar<number>(session, 'londiste.hold_events($1, $2, $3)', queue, consumer, at ?? null);
}

describe.each(['oldest', 'newest'] as const)('on a provider, %s server', (which: Which) => {
  let settings: ConnectSettings;
  beforeAll(async () => {
    settings = await createProvider(which);
  });

  it('the hold consumer goes back to any tick that is there, and never forward', async () => {
    await using session = await open(settings);
    await session.query('select londiste.subscribe($1, $2, $3, $4)', [queue, consumer, us, 'sub']);
    const [first, second, third] = [await tick(session), await tick(session), await tick(session)];
    expect(await scalar(session, 'londiste.held_tick($1, $2)', queue, consumer)).toBe(null);
    expect(await hold(session, second)).toBe(second);
    expect(await hold(session, third)).toBe(second);
    expect(await hold(session)).toBe(second);
    expect(await hold(session, first)).toBe(first);
    expect(await scalar(session, 'londiste.held_tick($1, $2)', queue, consumer)).toBe(first);
    expect(await scalar(session, 'londiste.release_events($1, $2, $3)', queue, consumer, third)).toBe(third);
    expect(await hold(session, second)).toBe(second);
  });

  it('events that are gone are said to be gone, and nothing moves', async () => {
    await using session = await open(settings);
    const stood = await scalar<number>(session, 'londiste.held_tick($1, $2)', queue, consumer);
    await session.query('delete from pgq.tick where tick_id = $1', [stood - 1]);
    await expect(hold(session, stood - 1)).rejects.toMatchObject({
      sqlstate: 'LD002',
      kind: 'refused',
      message: expect.stringContaining(`the events since tick ${stood - 1} any more`) as string,
    });
    expect(await scalar(session, 'londiste.held_tick($1, $2)', queue, consumer)).toBe(stood);
    await session.query('select londiste.release_events($1, $2, null)', [queue, consumer]);
    await expect(hold(session, stood - 1)).rejects.toMatchObject({ sqlstate: 'LD002' });
    expect(await scalar(session, 'londiste.held_tick($1, $2)', queue, consumer)).toBe(null);
  });

  it('a subscription that is not there holds nothing', async () => {
    await using session = await open(settings);
    for (const call of ['hold_events($1, $2)', 'hold_events($1, $2, 1)', 'release_events($1, $2, null)']) {
      await expect(scalar(session, `londiste.${call}`, queue, 'nobody'), call).rejects.toMatchObject({
        sqlstate: '42704',
        hint: 'londiste ... subscriber register',
      });
    }
  });
});

describe.each(['oldest', 'newest'] as const)('on a subscriber, %s server', (which: Which) => {
  let settings: ConnectSettings;
  let session: Session;
  beforeAll(async () => {
    settings = await createProvider(which);
    await using first = await open(settings);
    await first.execute(`create table entry (id int primary key);
      insert into londiste.position (queue_name, consumer_name, provider_node, fence) values ('${queue}', '${consumer}', '${us}', 3)`);
  });
  beforeEach(async () => {
    session = await open(settings);
    return () => session.end();
  });

  async function put(name: string, state: string, position?: readonly [number, string]): Promise<void> {
    await session.query('delete from londiste.table_state');
    await session.query(
      `insert into londiste.table_state (queue_name, consumer_name, table_name, state, position_tick, position_snapshot, attempts)
       values ($1, $2, $3, $4, $5, $6, 4)`,
      [queue, consumer, name, state, position?.[0] ?? null, position?.[1] ?? null],
    );
  }

  function park(name: string, position?: readonly [number, string], fence = 3): Promise<boolean> {
    return scalar(
      session,
      `londiste.park_table($1, $2, $3, $4, '{wanted,copying,building,catching-up,ready,ok}', $5, $6, 'e', '22001', 'h', 'k')`,
      queue,
      consumer,
      name,
      fence,
      position?.[0] ?? null,
      position?.[1] ?? null,
    );
  }

  function row(): Promise<Row> {
    return session.one(
      `select state, position_tick, position_snapshot, error, error_sqlstate, error_hint, error_key, attempts from londiste.table_state`,
    );
  }

  const told = { error: 'e', error_sqlstate: '22001', error_hint: 'h', error_key: 'k' };
  const nothing = { error: null, error_sqlstate: null, error_hint: null, error_key: null };

  it.each([
    ['ok', undefined, [7, '9:9:'], [7, '9:9:']],
    ['ready', [5, '6:6:'], undefined, [5, '6:6:']],
    ['ready', [5, '6:6:'], [7, '9:9:'], [7, '9:9:']],
    ['catching-up', [5, '6:6:'], undefined, [5, '6:6:']],
    ['copying', [5, null], undefined, [null, null]],
    ['wanted', undefined, undefined, [null, null]],
  ] as const)('parks from %s at %o, given %o', async (state, own, given, stands) => {
    await put('public.entry', state, own as readonly [number, string] | undefined);
    expect(await park('public.entry', given)).toBe(true);
    const [position_tick, position_snapshot] = stands;
    expect(await row()).toMatchObject({ state: 'parked', position_tick, position_snapshot, ...told });
    expect(await park('public.entry', given)).toBe(false);

    expect(
      await scalar(session, 'londiste.subscriber_retry_table($1, $2, $3)', queue, consumer, 'public.entry'),
    ).toBe(1);
    const next = position_snapshot === null ? 'wanted' : 'catching-up';
    expect(await row()).toEqual({ state: next, position_tick, position_snapshot, attempts: 0, ...nothing });
  });

  it('a table that is not there has no position', async () => {
    await put('public.gone', 'ok');
    expect(await park('public.gone', [7, '9:9:'])).toBe(true);
    expect(await row()).toMatchObject({ position_tick: null, position_snapshot: null });
  });

  it('parks nothing without a position to go on from, or for a replay that was replaced', async () => {
    await put('public.entry', 'ok');
    await expect(park('public.entry')).rejects.toMatchObject({ sqlstate: '22023' });
    await expect(park('public.entry', [7, '9:9:'], 2)).rejects.toMatchObject({ sqlstate: 'LD001' });
    expect(await park('public.other', [7, '9:9:'])).toBe(false);
    expect(await row()).toMatchObject({ state: 'ok', ...nothing });
  });

  it('retries only what is parked', async () => {
    const retry = (name: string): Promise<number> =>
      scalar(session, 'londiste.subscriber_retry_table($1, $2, $3)', queue, consumer, name);
    await put('public.entry', 'ready', [5, '6:6:']);
    await expect(retry('public.entry')).rejects.toMatchObject({
      message: expect.stringContaining('table public.entry is not parked, its state is ready') as string,
      hint: expect.stringContaining('resync public.entry') as string,
    });
    expect(await retry('public.other')).toBe(0);
    expect(await row()).toMatchObject({ state: 'ready', position_tick: 5 });
  });

  it('a new copy takes the error away, and so does taking a table over', async () => {
    await put('public.entry', 'ok');
    await park('public.entry', [7, '9:9:']);
    await session.query('select londiste.subscriber_resync_table($1, $2, $3)', [
      queue,
      consumer,
      'public.entry',
    ]);
    expect(await row()).toMatchObject({ state: 'wanted', position_tick: null, ...nothing });
    await session.query(`select londiste.set_table_error($1, $2, $3, 'e', '22001', 'h', 'k')`, [
      queue,
      consumer,
      'public.entry',
    ]);
    expect(await row()).toMatchObject(told);
    await session.query(`select londiste.set_table_state($1, $2, $3, 3, '{wanted}', 'ok')`, [
      queue,
      consumer,
      'public.entry',
    ]);
    expect(await row()).toMatchObject({ state: 'ok', ...nothing });
  });
});
