/** Putting events in, on the caller's own client. */
import { beforeEach, describe, expect, it } from 'vitest';
import { Producer, type NewEvent } from '../../src/library/index.js';
import { asSuperuser, open } from '../support/databases.js';
import { ownServer } from '../support/own-server.js';
import { connected, inClient, makePlace, type Place } from './place.js';

describe.each(['oldest', 'newest'] as const)('a producer on %s', (which) => {
  const server = ownServer(which);
  const producer = new Producer('q');
  let place: Place;

  beforeEach(async () => {
    place = await makePlace(server().port);
  });

  const stored = async (): Promise<Record<string, unknown>[]> => {
    await using session = await open(place.owner);
    return await session.query(
      `select ev_id as id, ev_type as type, ev_data as data, ev_extra1 as extra1, ev_extra2 as extra2,
         ev_extra3 as extra3, ev_extra4 as extra4 from pgq.event_1 order by ev_id`,
    );
  };

  /** What COPY, arrays and JavaScript may stumble over. */
  const odd: NewEvent[] = [
    { type: 'plain', data: 'data', extra1: '1', extra2: '2', extra3: '3', extra4: '4' },
    { type: null, data: null },
    { type: '', data: '' },
    { type: 'NULL', data: '\\N' },
    { type: 'a\tb\nc\rd', data: '{"a": "\\"\\\\"}\\.' },
    { type: '€ 𝄞', data: '\\.\n\\.\n', extra1: '\u0001\v\f\b', extra4: "''" },
  ];
  const asStored = (events: readonly NewEvent[]): Record<string, unknown>[] =>
    events.map((event, n) => ({
      id: n + 1,
      extra1: null,
      extra2: null,
      extra3: null,
      extra4: null,
      ...event,
    }));

  it('puts events into the transaction of the caller', async () => {
    const client = await connected(place.writing);
    await client.query('begin');
    expect(await producer.insert(client, { type: 'a', data: '1' })).toBe(1);
    await client.query('rollback');
    expect(await stored()).toEqual([]);
    expect(await producer.insert(client, { type: 'a', data: '2' })).toBe(2);
    await client.end();
    expect(await stored()).toMatchObject([{ id: 2, data: '2' }]);
  });

  it('puts many in by one statement, in their order', async () => {
    const ids = await inClient(place.writing, (client) => producer.insertMany(client, odd));
    expect(ids).toEqual(odd.map((_, n) => n + 1));
    expect(await stored()).toEqual(asStored(odd));
    expect(await inClient(place.writing, (client) => producer.insertMany(client, []))).toEqual([]);
  });

  it('copies any number in, and the ticker counts them', async () => {
    async function* many(): AsyncGenerator<NewEvent> {
      yield* odd;
      for (let n = 0; n < 5000; n += 1) yield await Promise.resolve({ type: 'n', data: 'x'.repeat(n % 300) });
    }
    const copied = await inClient(place.owner, (client) => producer.copy(client, many()));
    expect(copied).toBe(odd.length + 5000);
    expect((await stored()).slice(0, odd.length)).toEqual(asStored(odd));
    await using session = await open(place.owner);
    await session.query(`select pgq.ticker('q')`);
    expect(
      await session.query('select tick_event_seq as seq from pgq.tick order by tick_id desc limit 1'),
    ).toEqual([{ seq: copied }]);
    const [row] = await session.query(
      `select count(distinct ev_txid)::int as xids, bool_and(ev_time <= now()) as past from pgq.event_1`,
    );
    expect(row).toEqual({ xids: 1, past: true });
  });

  it('refuses to copy outside of a transaction, and where a source fails nothing is there', async () => {
    const client = await connected(place.owner);
    await expect(producer.copy(client, odd)).rejects.toThrow('outside of a transaction');
    async function* broken(): AsyncGenerator<NewEvent> {
      yield* odd;
      await Promise.resolve();
      throw new Error('the source broke');
    }
    await client.query('begin');
    await expect(producer.copy(client, broken())).rejects.toThrow('the source broke');
    await client.query('rollback');
    await client.query('begin');
    expect(await producer.copy(client, odd)).toBe(odd.length);
    await client.query('commit');
    await client.end();
    expect(await stored()).toHaveLength(odd.length);
  });

  it('needs no more rights than it says', async () => {
    const inserted = (settings: Place['owner']): Promise<number> =>
      inClient(settings, (client) => producer.insert(client, { type: 'a', data: 'b' }));
    const copied = (settings: Place['owner']): Promise<number> =>
      inClient(settings, (client) => producer.copy(client, odd));
    expect(await inserted(place.writing)).toBe(1);
    await expect(inserted(place.reading)).rejects.toThrow('permission denied');
    await expect(inserted(place.nobody)).rejects.toThrow('permission denied');
    await expect(copied(place.writing)).rejects.toThrow('permission denied');
    await expect(copied(place.reading)).rejects.toThrow('permission denied');
    expect(await copied(place.administering)).toBe(odd.length);
  });

  it('says what the server says: unknown queue, closed queue, bytes that are no text', async () => {
    const insert = (queue: string, data: string): Promise<number> =>
      inClient(place.writing, (client) => new Producer(queue).insert(client, { type: 'a', data }));
    const copy = (queue: string): Promise<number> =>
      inClient(place.owner, (client) => new Producer(queue).copy(client, odd));
    await expect(insert('nowhere', 'a')).rejects.toThrow('No such queue');
    await expect(copy('nowhere')).rejects.toThrow('Event queue not found');
    await expect(insert('q', 'a\0b')).rejects.toThrow('invalid byte sequence');
    await asSuperuser(
      server().port,
      (admin) => admin.execute('update pgq.queue set queue_disable_insert = true'),
      place.owner.database,
    );
    await expect(insert('q', 'a')).rejects.toThrow('Insert into queue disallowed');
    await expect(copy('q')).rejects.toThrow('Writing to queue disabled');
    expect(await stored()).toEqual([]);
  });
});
