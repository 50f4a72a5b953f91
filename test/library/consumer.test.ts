/** A consumer that sees every event at least once: what it sees, and what it leaves behind when something goes wrong. */
import { describe, expect, it } from 'vitest';
import {
  Consumer,
  eachEvent,
  listDeadLetters,
  purgeDeadLetters,
  retryDeadLetter,
  type Batch,
} from '../../src/library/index.js';
import { asSuperuser, open } from '../support/databases.js';
import { eventually } from '../support/eventually.js';
import { inClient, options, ownPlace, produce, read, tick } from './place.js';

describe.each(['oldest', 'newest'] as const)('consumers on %s', (which) => {
  const place = ownPlace(which);

  it('sees events with all their fields, once each batch is finished', async () => {
    await using consumer = new Consumer(options(place()));
    expect(await consumer.register()).toBe(true);
    expect(await consumer.register()).toBe(false);
    const before = new Date();
    const [first] = await produce(place(), 'a', 'b');
    const seen: unknown[] = [];
    let batches = 0;
    while (
      await consumer.processBatch(async (batch) => {
        batches += 1;
        expect(batch).toMatchObject({ queue: 'q', consumer: 'c', prevTickId: batches, size: 2 });
        for await (const event of batch) seen.push(event);
      })
    );
    expect(seen).toEqual(
      ['a', 'b'].map((data, n) => ({
        ...{ id: (first ?? 0) + n, time: expect.any(Date) as Date, txid: expect.any(Number) as number },
        ...{ retries: 0, type: 't', data, extra1: null, extra2: null, extra3: null, extra4: null },
      })),
    );
    const { time } = seen[0] as { time: Date };
    expect(Math.abs(time.getTime() - before.getTime())).toBeLessThan(60_000);
    expect(await consumer.unregister()).toBe(true);
    expect(await consumer.unregister()).toBe(false);
  });

  it('sees a batch again whose handler failed, and goes on with onError', async () => {
    const consumer = new Consumer(options(place()));
    await consumer.register();
    await produce(place(), 'a');
    const failure = new Error('no');
    const fails = consumer.run(() => {
      throw failure;
    });
    await expect(fails).rejects.toBe(failure);

    const told: unknown[] = [];
    const seen: (string | null)[] = [];
    const stop = new AbortController();
    const lenient = new Consumer(options(place(), { onError: (error) => told.push(error) }));
    await lenient.run(
      async (batch) => {
        if (told.length < 2) throw failure;
        await read(batch, seen);
        stop.abort();
      },
      { signal: stop.signal },
    );
    expect(told).toEqual([failure, failure]);
    expect(seen).toEqual(['a']);
    await consumer.close();
  });

  it('retries single events, and makes a dead letter of one that fails once too often', async () => {
    await using consumer = new Consumer(options(place(), { maxRetries: 2 }));
    await consumer.register();
    await produce(place(), 'good', 'bad', 'worse');
    const seen: string[] = [];
    const round = async (): Promise<void> => {
      await tick(place());
      while (
        await consumer.processBatch(
          eachEvent((event, _, batch) => {
            seen.push(`${event.data ?? ''} ${event.retries}`);
            if (event.data === 'bad') throw new Error('it is bad');
            if (event.data === 'worse') batch.dead(event, 'hopeless');
          }),
        )
      );
    };
    for (let n = 0; n < 4; n += 1) await round();
    expect(seen).toEqual(['good 0', 'bad 0', 'worse 0', 'bad 1', 'bad 2']);

    const letters = await inClient(place().reading, (client) => listDeadLetters(client, { queue: 'q' }));
    expect(letters).toMatchObject([
      { queue: 'q', consumer: 'c', reason: 'hopeless', event: { data: 'worse', retries: 0 } },
      { queue: 'q', consumer: 'c', reason: 'it is bad', event: { data: 'bad', retries: 2 } },
    ]);
    const [worse, bad] = letters;
    if (!worse || !bad) throw new Error('two letters');
    expect(await inClient(place().reading, (client) => retryDeadLetter(client, bad.id))).toBe(bad.event.id);
    for (let n = 0; n < 2; n += 1) await round();
    expect(seen.slice(5)).toEqual(['bad 0', 'bad 1']);
    await expect(inClient(place().reading, (client) => purgeDeadLetters(client))).rejects.toThrow(
      'permission denied',
    );
    const purge = (olderThan: string): Promise<number> =>
      inClient(place().administering, (client) => purgeDeadLetters(client, { olderThan }));
    expect(await purge('1 hour')).toBe(0);
    expect(await purge('0')).toBe(1);
  });

  it('holds no transaction open while the events of a small batch are handled, and bounds what it fetches', async () => {
    await using consumer = new Consumer(options(place(), { bufferBytes: 10_000 }));
    await consumer.register();
    await produce(place(), 'small');
    const transaction = async (): Promise<string> => {
      await using session = await open(place().owner);
      const { state } = await session.one<{ state: string }>(
        `select state from pg_stat_activity where application_name = 'c'`,
      );
      return state;
    };
    await asSuperuser(place().owner.port, (admin) => admin.execute('grant pg_read_all_stats to app'));
    const states: string[] = [];
    const handler = async (batch: Batch): Promise<void> => {
      for await (const event of batch) {
        await eventually(transaction, event.data === 'small' ? 'idle' : 'idle in transaction');
        states.push(event.data ?? '');
        if (event.data !== 'small') break;
      }
    };
    await consumer.processBatch(handler);
    await produce(place(), ...Array.from({ length: 40 }, () => 'x'.repeat(1000)));
    await consumer.processBatch(handler);
    expect(states).toEqual(['small', 'x'.repeat(1000)]);

    const sizes = [1, 30_000, 1, 9_000, 9_000, 9_000, 1, 0, 200_000, 5];
    await produce(place(), ...sizes.map((length) => 'x'.repeat(length)));
    const chunks: number[][] = [];
    await consumer.processBatch(async (batch) => {
      for await (const events of batch.chunks()) chunks.push(events.map(({ data }) => data?.length ?? -1));
    });
    expect(chunks.flat()).toEqual(sizes);
    expect(chunks).toEqual([[1, 30_000], [1, 9_000, 9_000], [9_000, 1, 0, 200_000], [5]]);
  });

  it('says which call is wrong: a batch read twice, two calls at once', async () => {
    await using consumer = new Consumer(options(place()));
    await consumer.register();
    await produce(place(), 'a');
    const twice = consumer.processBatch(async (batch) => {
      await read(batch, []);
      await read(batch, []);
    });
    await expect(consumer.processBatch(() => undefined)).rejects.toMatchObject({ kind: 'usage' });
    await expect(twice).rejects.toMatchObject({ kind: 'usage' });
  });
});
