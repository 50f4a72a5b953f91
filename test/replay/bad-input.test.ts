/**
 * Events that nobody's trigger wrote, ticks that were tampered with, positions of another history: the table parks, or the
 * subscription stops, with a sentence and what to type; nothing is skipped silently, nothing applied in part.
 */
import { beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { providerGetTableList } from '../../src/londiste/provider.js';
import { resyncTables } from '../../src/setup/resync.js';
import { listTables } from '../../src/setup/subscriber-tables.js';
import { digest, positionOf, reach, subscribeByHand, tickNow } from '../support/hand-ticks.js';
import { createPair, Daemons, type Pair } from '../support/pair.js';
import { oneWay } from '../support/ways.js';
import { memoryLog } from '../ticker/memory-log.js';

interface Event {
  readonly type: string | null;
  readonly data: string | null;
  /** Undefined for the table's own. */
  readonly layout?: string | null;
  readonly flags?: string;
  /** The table on the subscriber, where it is another. */
  readonly here?: string;
  /** What the error or its hint says. */
  readonly says: string;
}

const events: Readonly<Record<string, Event>> = {
  unknown_type: { type: 'row:X', data: '(1,x)', says: 'unknown type' },
  no_type: { type: null, data: '(1,x)', says: 'unknown type' },
  of_logutriga: { type: 'I:id', data: 'id=1&v=x', layout: null, says: 'unknown type' },
  of_sqltriga: { type: 'I', data: `(id, v) values (1, 'x')`, layout: null, says: 'unknown type' },
  no_row: { type: 'row:I', data: null, says: 'no row' },
  no_key: { type: 'gone', data: null, says: 'no row' },
  not_closed: { type: 'row:I', data: '(1,"x', says: 'readable' },
  no_record: { type: 'row:U', data: 'Bobby', says: 'readable' },
  empty: { type: 'row:I', data: '', says: 'readable' },
  too_few: { type: 'row:I', data: '(1)', says: '22P02' },
  too_many: { type: 'row:I', data: '(1,x,y)', says: '22P02' },
  too_few_turned: { type: 'row:U', data: '(1)', here: '(v text, id int primary key)', says: 'fields' },
  too_many_turned: { type: 'row:U', data: '(1,x,y)', here: '(v text, id int primary key)', says: 'fields' },
  key_of_two: { type: 'gone', data: '(1,2)', says: 'fields' },
  unknown_layout: { type: 'row:I', data: '(1,x)', layout: 'no such layout', says: 'layout' },
  no_layout: { type: 'row:I', data: '(1,x)', layout: null, says: 'unknown type' },
  no_image: { type: 'no-image', data: '(1)', says: 'no-image' },
  no_number: { type: 'row:I', data: '(one,x)', says: '22P02' },
  too_large_a_number: { type: 'row:U', data: '(99999999999,x)', says: '22003' },
  no_number_as_key: { type: 'gone', data: '(one)', says: '22P02' },
  null_key: { type: 'row:I', data: '(,x)', says: 'id' },
  not_allowed: {
    type: 'row:I',
    data: '(1,\u0001)',
    here: `(id int primary key, v text check (v !~ '[[:cntrl:]]'))`,
    says: 'check',
  },
};

async function insertEvent(
  pair: Pair,
  table: string | null,
  { type, data, layout, flags }: Event,
): Promise<void> {
  const set = await providerGetTableList(pair.provider, pair.name.queue);
  const own = set.find(({ name }) => name === table)?.layoutId;
  await pair.provider.query('select pgq.insert_event($1, $2, $3, $4, $5, $6, null)', [
    pair.name.queue,
    type,
    data,
    table,
    layout === undefined ? own : layout,
    flags ?? null,
  ]);
}

describe.each(oneWay('there'))('events put into the queue by hand, from %s to %s', (from, to) => {
  let pair: Pair;
  const notes = memoryLog();
  const tables = Object.keys(events);

  beforeAll(async () => {
    pair = await createPair(from, to);
    const columns = '(id int primary key, v text)';
    for (const [table, { here = columns }] of [
      ...Object.entries(events),
      ['other', { here: columns }] as const,
    ]) {
      await pair.provider.execute(`create table ${table} ${columns}`);
      await pair.subscriber.execute(`create table ${table} ${here}`);
    }
    for (const table of tables) await pair.provider.execute(`insert into ${table} values (5, 'old')`);
    Daemons.replay(pair, { log: notes.log });
    await subscribeByHand(pair, [...tables, 'other']);
  });

  test('each parks its table, alone, with what is wrong and what to type', async () => {
    for (const [table, event] of Object.entries(events)) {
      await pair.provider.execute(
        `insert into ${table} values (6, 'in the same batch'); insert into other select count(*) from other`,
      );
      await insertEvent(pair, `public.${table}`, event);
    }
    await reach(pair, await tickNow(pair.provider, pair.name.queue));
    expect(await digest(pair.subscriber, ['other'])).toBe(await digest(pair.provider, ['other']));
    const found = new Map((await listTables(pair.subscriber, pair.name)).map((table) => [table.name, table]));
    const wrong: object[] = [];
    for (const [table, { says }] of Object.entries(events)) {
      const { state, error, errorHint, errorSqlstate } = found.get(`public.${table}`) ?? {};
      const text = `${error} (${errorSqlstate ?? ''}) ${errorHint}`;
      const isTold = text.includes(table) && text.includes(says) && /subscriber (retry|resync)/.test(text);
      // Nothing of the batch is there, what was there before is.
      const rows = await pair.subscriber.query(`select id, v from ${table}`);
      const isAsBefore = JSON.stringify(rows) === '[{"id":5,"v":"old"}]';
      if (state !== 'parked' || !isTold || !isAsBefore)
        wrong.push({ table, state, says, error, errorHint, errorSqlstate, rows });
    }
    expect(wrong).toEqual([]);
    expect(notes.lines.filter((line) => line.startsWith('error')).length).toBeGreaterThanOrEqual(
      tables.length,
    );
    expect(notes.lines.join('\n')).not.toMatch(/Bobby|99999999999/);
  });

  test("a copy mends them, and the events before it are nobody's", async () => {
    const some = ['unknown_type', 'too_few', 'no_number'];
    await resyncTables(pair.ends, some);
    for (const end = Date.now() + 20_000; Date.now() < end;) {
      await tickNow(pair.provider, pair.name.queue);
      const states = (await listTables(pair.subscriber, pair.name)).filter(({ name }) =>
        some.includes(name.slice(7)),
      );
      if (states.every(({ state }) => state === 'ok')) break;
      await new Promise((resolve) => setTimeout(resolve, 20));
    }
    await pair.provider.execute(some.map((table) => `insert into ${table} values (7, 'after')`).join('; '));
    await reach(pair, await tickNow(pair.provider, pair.name.queue));
    expect(await digest(pair.subscriber, some)).toBe(await digest(pair.provider, some));
  });

  test('events of others on the same queue concern nobody here', async () => {
    const before = notes.lines.filter((line) => /^(warn|error)/.test(line)).length;
    await insertEvent(pair, null, { type: 'mail', data: 'to: you', layout: null, says: '' });
    await insertEvent(pair, 'public.nobody', { type: 'row:I', data: '(', layout: 'x', says: '' });
    await insertEvent(pair, 'not a name "', { type: 'U', data: null, layout: null, says: '' });
    // A retried event is its owner's alone.
    await pair.provider
      .execute(`insert into pgq.event_1 (ev_id, ev_time, ev_owner, ev_retry, ev_type, ev_data, ev_extra1)
      values (nextval('pgq.event_1_id_seq'), now(), 1, 1, 'row:X', '(', 'public.other')`);
    await pair.provider.execute(`insert into other values (-1)`);
    await reach(pair, await tickNow(pair.provider, pair.name.queue));
    expect(await digest(pair.subscriber, ['other'])).toBe(await digest(pair.provider, ['other']));
    expect(notes.lines.filter((line) => /^(warn|error)/.test(line)).length).toBe(before);
  });
});

describe('ticks and positions that are not what they were', () => {
  let pair: Pair;
  let replay: Daemons;

  beforeEach(async () => {
    pair = await createPair('newest', 'oldest');
    for (const session of [pair.provider, pair.subscriber])
      await session.execute('create table entry (id int primary key)');
    replay = Daemons.replay(pair);
    await subscribeByHand(pair, ['entry']);
    await pair.provider.execute('insert into entry values (1)');
    await reach(pair, await tickNow(pair.provider, pair.name.queue));
  });

  /** The daemon ends by itself, says where it stands and what to type, and has applied nothing. */
  async function isLost(): Promise<void> {
    const at = await positionOf(pair, pair.subscriber);
    await expect(replay.ended()).rejects.toMatchObject({
      kind: 'lost-position',
      message: expect.stringMatching(
        /lost position of consumer c on queue q: the subscriber has tick \d+/,
      ) as string,
      hint: expect.stringContaining('subscriber unregister') as string,
    });
    expect(await positionOf(pair, pair.subscriber)).toBe(at);
    expect(await pair.subscriber.query('select id from entry where id > 1')).toEqual([]);
  }

  test.each([
    ['the tick that the subscriber stands at is deleted', 'delete from pgq.tick where tick_id = $1'],
    ['it has another snapshot', `update pgq.tick set tick_snapshot = '1:1:' where tick_id = $1`],
    [
      'it has another event sequence',
      `update pgq.tick set tick_event_seq = tick_event_seq + 1 where tick_id = $1`,
    ],
  ])('while replay runs %s', async (_, tamper) => {
    const at = await positionOf(pair, pair.subscriber);
    await pair.provider.query(tamper, [at]);
    await pair.provider.execute('insert into entry values (2)');
    // One that does not compare with the last one, which may have been tampered with.
    await pair.provider.execute(`insert into pgq.tick (tick_queue, tick_id, tick_event_seq)
      select queue_id, nextval(queue_tick_seq::regclass), pg_sequence_last_value(queue_event_seq::regclass) from pgq.queue;
      select pg_notify(pgq.tick_channel('q'), '')`);
    await isLost();
  });

  test.each([
    ['a later tick', 'tick_id = tick_id + 1'],
    ['a tick that never was', 'tick_id = 1000000'],
    ['the same number in another history', `tick_time = tick_time - interval '1 day'`],
    ['another cluster, whose transactions have other numbers', `tick_snapshot = '900000000:900000000:'`],
  ])('a position of %s', async (_, edit) => {
    await replay.stop();
    await pair.provider.execute('insert into entry values (2)');
    await tickNow(pair.provider, pair.name.queue);
    await pair.subscriber.execute(`update londiste.position set ${edit}`);
    replay = Daemons.replay(pair);
    await isLost();
  });

  test('a position that follows another provider', async () => {
    await replay.stop();
    await pair.subscriber.execute('update londiste.position set provider_node = gen_random_uuid()');
    replay = Daemons.replay(pair);
    await expect(replay.ended()).rejects.toMatchObject({
      message: expect.stringContaining('follows another provider') as string,
      hint: expect.stringContaining('subscriber unregister') as string,
    });
  });

  test('a tick that is deleted before it was read is covered by the next', async () => {
    await replay.stop();
    await pair.provider.execute('insert into entry values (2)');
    const tick = await tickNow(pair.provider, pair.name.queue);
    await pair.provider.execute('insert into entry values (3)');
    const next = await tickNow(pair.provider, pair.name.queue);
    await pair.provider.query('delete from pgq.tick where tick_id = $1', [tick]);
    replay = Daemons.replay(pair);
    await reach(pair, next);
    expect(await digest(pair.subscriber, ['entry'])).toBe(await digest(pair.provider, ['entry']));
    await replay.stop();
  });
});
