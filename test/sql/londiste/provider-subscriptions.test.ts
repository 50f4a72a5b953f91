import { beforeAll, describe, expect, it } from 'vitest';
import type { ConnectSettings, Session } from '../../../src/db/session.js';
import { open, type Which } from '../../support/databases.js';
import { createProvider, queue } from '../../support/replica.js';

const us = '00000000-0000-0000-0000-000000000001';
const others = '00000000-0000-0000-0000-000000000002';

interface Tick {
  readonly tick_id: number;
  readonly tick_time: string;
  readonly tick_snapshot: string;
  readonly tick_event_seq: number;
  readonly epoch: number;
}

function subscribe(session: Session, consumer: string, node = us, name = 'sub'): Promise<Tick> {
  return session.one<Tick>('select * from londiste.subscribe($1, $2, $3, $4)', [queue, consumer, node, name]);
}

async function scalar<T>(session: Session, expression: string, ...values: unknown[]): Promise<T> {
  return (await session.one<{ value: T }>(`select ${expression} as value`, values)).value;
}

/** Makes a tick, whatever the settings of the queue say. */
async function tick(session: Session): Promise<number> {
  await session.query('select pgq.force_tick($1)', [queue]);
  return scalar<number>(session, 'pgq.ticker($1)', queue);
}

async function standsAt(session: Session, consumer: string): Promise<number | null> {
  return scalar<number | null>(session, 'londiste.consumer_tick($1, $2)', queue, consumer);
}

async function finishAll(session: Session, consumer: string): Promise<void> {
  for (;;) {
    const batch = await scalar<number | null>(session, 'pgq.next_batch($1, $2)', queue, consumer);
    if (batch === null) return;
    await session.query('select pgq.finish_batch($1)', [batch]);
  }
}

describe.each(['oldest', 'newest'] as const)('subscriptions of a provider, %s server', (which: Which) => {
  let settings: ConnectSettings;
  beforeAll(async () => {
    settings = await createProvider(which);
  });

  it('registers once, and says where the subscriber stands', async () => {
    await using session = await open(settings);
    const first = await subscribe(session, 'first');
    const row = await session.one<Tick>(
      `select tick_id, tick_time, tick_snapshot, tick_event_seq from pgq.tick order by tick_id desc limit 1`,
    );
    expect(first).toEqual({ ...row, epoch: 1 });
    const later = await tick(session);
    expect(await subscribe(session, 'first', us, 'moved')).toEqual(first);
    await finishAll(session, 'first');
    expect((await subscribe(session, 'first')).tick_id).toBe(later);
    expect(await session.query('select node_name, fence from londiste.subscription')).toEqual([
      { node_name: 'sub', fence: 0 },
    ]);
  });

  it('refuses the name of another subscriber or of another program', async () => {
    await using session = await open(settings);
    await subscribe(session, 'taken');
    await expect(subscribe(session, 'taken', others)).rejects.toMatchObject({
      sqlstate: '55000',
      message: expect.stringContaining(`belongs to another subscriber, database sub (node ${us})`) as string,
      hint: expect.stringContaining('use another job_name') as string,
    });
    await session.query('select pgq.register_consumer($1, $2)', [queue, 'program']);
    await expect(subscribe(session, 'program')).rejects.toMatchObject({
      sqlstate: '55000',
      hint: expect.stringContaining('pgqadm CONFIG unregister q program') as string,
    });
    await expect(
      scalar(session, 'londiste.unsubscribe($1, $2, $3)', queue, 'taken', others),
    ).rejects.toMatchObject({
      sqlstate: '55000',
    });
    await expect(
      session.query('select londiste.subscribe($1, $2, $3, $4)', ['none', 'x', us, 'sub']),
    ).rejects.toMatchObject({
      sqlstate: '42704',
    });
  });

  it('gives one of two that ask at once the name', async () => {
    await using session = await open(settings);
    await using other = await open(settings);
    await session.execute('begin');
    await subscribe(session, 'race');
    const second = subscribe(other, 'race', others).then(
      () => 'registered',
      (error: unknown) => (error as { sqlstate: string }).sqlstate,
    );
    await session.execute('commit');
    expect(await second).toBe('55000');
  });

  it('holds events for tables outside of the stream, and lets go of them', async () => {
    await using session = await open(settings);
    const { tick_id: start } = await subscribe(session, 'holder');
    const next = await tick(session);
    expect(await scalar(session, 'londiste.hold_events($1, $2)', queue, 'holder')).toBe(start);
    await finishAll(session, 'holder');
    expect(await standsAt(session, 'holder')).toBe(next);
    expect(await scalar(session, 'londiste.hold_events($1, $2)', queue, 'holder')).toBe(start);
    expect(
      await scalar(
        session,
        '(select hold_consumer from londiste.subscription where consumer_name = $1)',
        'holder',
      ),
    ).toBe('holder.hold');

    expect(await scalar(session, 'londiste.release_events($1, $2, $3)', queue, 'holder', next)).toBe(next);
    expect(await scalar(session, 'londiste.release_events($1, $2, $3)', queue, 'holder', start)).toBe(next);
    expect(await standsAt(session, 'holder.hold')).toBe(next);
    expect(await scalar(session, 'londiste.release_events($1, $2, $3)', queue, 'holder', null)).toBe(null);
    expect(await scalar(session, 'londiste.release_events($1, $2, $3)', queue, 'holder', null)).toBe(null);
    expect(await standsAt(session, 'holder.hold')).toBe(null);
    await expect(scalar(session, 'londiste.hold_events($1, $2)', queue, 'nobody')).rejects.toMatchObject({
      sqlstate: '42704',
    });
  });

  it('unsubscribes with all that was held', async () => {
    await using session = await open(settings);
    await subscribe(session, 'leaver');
    await scalar(session, 'londiste.hold_events($1, $2)', queue, 'leaver');
    expect(await scalar(session, 'londiste.unsubscribe($1, $2, $3)', queue, 'leaver', us)).toBe(1);
    expect(await scalar(session, 'londiste.unsubscribe($1, $2, $3)', queue, 'leaver', us)).toBe(0);
    expect(await session.query(`select co_name from pgq.consumer where co_name like 'leaver%'`)).toEqual([]);
  });

  it('never lowers a fence', async () => {
    await using session = await open(settings);
    await subscribe(session, 'fenced');
    expect(await scalar(session, 'londiste.raise_fence($1, $2, $3)', queue, 'fenced', 5)).toBe(5);
    expect(await scalar(session, 'londiste.raise_fence($1, $2, $3)', queue, 'fenced', 3)).toBe(5);
    await expect(
      scalar(session, 'londiste.raise_fence($1, $2, $3)', queue, 'nobody', 3),
    ).rejects.toMatchObject({ sqlstate: '42704' });
  });

  it('selects the events of some tables between a snapshot and a tick', async () => {
    await using session = await open(settings);
    await session.execute('create table a (id int primary key); create table "B" (id int primary key)');
    await session.query(
      `select londiste.provider_add_table($1, 'a'), londiste.provider_add_table($1, '"B"')`,
      [queue],
    );
    await session.execute('insert into a values (1)');
    const from = await scalar<string>(session, 'txid_current_snapshot()::text');
    await session.execute('insert into a values (2)');
    await session.execute('insert into "B" values (3)');
    await session.query(`select pgq.insert_event($1, 'somebody', 'else''s')`, [queue]);
    await session.execute('update a set id = 4 where id = 1');
    const to = await tick(session);
    await session.execute('insert into a values (5)');

    const events = async (tables: string[] | null): Promise<unknown[]> => {
      const text = await scalar<string>(
        session,
        'londiste.event_range_sql($1, $2, $3, $4)',
        queue,
        from,
        to,
        tables,
      );
      return (await session.query(text)).map((event) => [
        event['ev_extra1'],
        event['ev_type'],
        event['ev_data'],
      ]);
    };
    const ofA = [
      ['public.a', 'row:I', '(2)'],
      ['public.a', 'gone', '(1)'],
      ['public.a', 'row:U', '(4)'],
    ];
    expect(await events(['public.a'])).toEqual(ofA);
    expect(await events(['public."B"'])).toEqual([['public."B"', 'row:I', '(3)']]);
    expect(await events(null)).toEqual([ofA[0], ['public."B"', 'row:I', '(3)'], ...ofA.slice(1)]);
    expect(await events([])).toEqual([]);
    await expect(
      scalar(session, 'londiste.event_range_sql($1, $2, $3)', queue, from, to + 1000),
    ).rejects.toMatchObject({ sqlstate: '55000' });
  });
});
