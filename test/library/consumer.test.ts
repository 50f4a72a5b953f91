/** Consumers of every kind, in one process: what they see, what they leave behind when something goes wrong. */
import { beforeEach, describe, expect, it } from 'vitest';
import {
  Consumer,
  eachEvent,
  listDeadLetters,
  LondisteError,
  Producer,
  purgeDeadLetters,
  RemoteConsumer,
  retryDeadLetter,
  TransactionalConsumer,
  type Batch,
  type ConsumerOptions,
  type Transaction,
} from '../../src/library/index.js';
import { asSuperuser, open } from '../support/databases.js';
import { eventually } from '../support/eventually.js';
import { ownServer } from '../support/own-server.js';
import { createQueue, inClient, makePlace, tick, type Place } from './place.js';

describe.each(['oldest', 'newest'] as const)('consumers on %s', (which) => {
  const server = ownServer(which);
  let place: Place;

  beforeEach(async () => {
    place = await makePlace(server().port);
  });

  const options = (more: Partial<ConsumerOptions> = {}): ConsumerOptions => ({
    connection: place.reading,
    queue: 'q',
    consumer: 'c',
    retrySeconds: () => 0,
    ...more,
  });
  const produce = async (...data: string[]): Promise<number[]> => {
    const producer = new Producer('q');
    const ids = await inClient(place.writing, (client) =>
      producer.insertMany(
        client,
        data.map((each) => ({ type: 't', data: each })),
      ),
    );
    await tick(place);
    return ids;
  };
  const read = async (batch: Batch, into: (string | null)[]): Promise<void> => {
    for await (const { data } of batch) into.push(data);
  };
  /** A table in the queue's database, or in another one, that the consumer's role may write. */
  const effects = async (at: Place): Promise<void> => {
    await using session = await open(at.owner);
    await session.execute('create table effect (data text); grant all on effect to public');
  };
  const effected = async (at: Place): Promise<string[]> => {
    await using session = await open(at.owner);
    return (await session.query<{ data: string }>('select data from effect order by data')).map(
      ({ data }) => data,
    );
  };

  describe('at least once', () => {
    it('sees events with all their fields, once each batch is finished', async () => {
      await using consumer = new Consumer(options());
      expect(await consumer.register()).toBe(true);
      expect(await consumer.register()).toBe(false);
      const before = new Date();
      const [first] = await produce('a', 'b');
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
      const consumer = new Consumer(options());
      await consumer.register();
      await produce('a');
      const failure = new Error('no');
      const fails = consumer.run(() => {
        throw failure;
      });
      await expect(fails).rejects.toBe(failure);

      const told: unknown[] = [];
      const seen: (string | null)[] = [];
      const stop = new AbortController();
      const lenient = new Consumer(options({ onError: (error) => told.push(error) }));
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
      await using consumer = new Consumer(options({ maxRetries: 2 }));
      await consumer.register();
      await produce('good', 'bad', 'worse');
      const seen: string[] = [];
      const round = async (): Promise<void> => {
        await tick(place);
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

      const letters = await inClient(place.reading, (client) => listDeadLetters(client, { queue: 'q' }));
      expect(letters).toMatchObject([
        { queue: 'q', consumer: 'c', reason: 'hopeless', event: { data: 'worse', retries: 0 } },
        { queue: 'q', consumer: 'c', reason: 'it is bad', event: { data: 'bad', retries: 2 } },
      ]);
      const [worse, bad] = letters;
      if (!worse || !bad) throw new Error('two letters');
      expect(await inClient(place.reading, (client) => retryDeadLetter(client, bad.id))).toBe(bad.event.id);
      for (let n = 0; n < 2; n += 1) await round();
      expect(seen.slice(5)).toEqual(['bad 0', 'bad 1']);
      await expect(inClient(place.reading, (client) => purgeDeadLetters(client))).rejects.toThrow(
        'permission denied',
      );
      const purge = (olderThan: string): Promise<number> =>
        inClient(place.administering, (client) => purgeDeadLetters(client, { olderThan }));
      expect(await purge('1 hour')).toBe(0);
      expect(await purge('0')).toBe(1);
    });

    it('holds no transaction open while the events of a small batch are handled, and bounds what it fetches', async () => {
      await using consumer = new Consumer(options({ bufferBytes: 10_000 }));
      await consumer.register();
      await produce('small');
      const transaction = async (): Promise<string> => {
        await using session = await open(place.owner);
        const { state } = await session.one<{ state: string }>(
          `select state from pg_stat_activity where application_name = 'c'`,
        );
        return state;
      };
      await asSuperuser(server().port, (admin) => admin.execute('grant pg_read_all_stats to app'));
      const states: string[] = [];
      const handler = async (batch: Batch): Promise<void> => {
        for await (const event of batch) {
          await eventually(transaction, event.data === 'small' ? 'idle' : 'idle in transaction');
          states.push(event.data ?? '');
          if (event.data !== 'small') break;
        }
      };
      await consumer.processBatch(handler);
      await produce(...Array.from({ length: 40 }, () => 'x'.repeat(1000)));
      await consumer.processBatch(handler);
      expect(states).toEqual(['small', 'x'.repeat(1000)]);

      const sizes = [1, 30_000, 1, 9_000, 9_000, 9_000, 1, 0, 200_000, 5];
      await produce(...sizes.map((length) => 'x'.repeat(length)));
      const chunks: number[][] = [];
      await consumer.processBatch(async (batch) => {
        for await (const events of batch.chunks()) chunks.push(events.map(({ data }) => data?.length ?? -1));
      });
      expect(chunks.flat()).toEqual(sizes);
      expect(chunks).toEqual([[1, 30_000], [1, 9_000, 9_000], [9_000, 1, 0, 200_000], [5]]);
    });

    it('says which call is wrong: a batch read twice, two calls at once', async () => {
      await using consumer = new Consumer(options());
      await consumer.register();
      await produce('a');
      const twice = consumer.processBatch(async (batch) => {
        await read(batch, []);
        await read(batch, []);
      });
      await expect(consumer.processBatch(() => undefined)).rejects.toMatchObject({ kind: 'usage' });
      await expect(twice).rejects.toMatchObject({ kind: 'usage' });
    });
  });

  describe('exactly once in the same database', () => {
    const insert = 'insert into effect values ($1)';

    it('commits the work with the end of the batch, or neither', async () => {
      await effects(place);
      await using consumer = new TransactionalConsumer(options());
      await consumer.register();
      await produce('a', 'b');
      const work = (fail: boolean): Promise<boolean> =>
        consumer.processBatch(async (batch, { query }) => {
          for await (const event of batch) {
            expect((await query(insert, [event.data])).rowCount).toBe(1);
            if (fail) throw new Error('no');
          }
          // As the driver of the program returns it.
          expect((await query(`select 1::bigint as big, 'x' as text`)).rows).toEqual([
            { big: '1', text: 'x' },
          ]);
        });
      await expect(work(true)).rejects.toThrow('no');
      expect(await effected(place)).toEqual([]);
      expect(await work(false)).toBe(true);
      expect(await work(false)).toBe(false);
      expect(await effected(place)).toEqual(['a', 'b']);
    });

    it('undoes what a failed event did and retries it', async () => {
      await effects(place);
      await using consumer = new TransactionalConsumer(options());
      await consumer.register();
      await produce('a', 'bad', 'b');
      let failures = 0;
      const handler = eachEvent<Transaction>(async (event, { query }) => {
        await query(insert, [event.data]);
        if (event.data !== 'bad' || failures === 2) return;
        failures += 1;
        // One that the server finds, and one of the handler's own.
        if (failures === 1) await query('select 1 / 0');
        throw new Error('no');
      });
      await consumer.processBatch(handler);
      expect(await effected(place)).toEqual(['a', 'b']);
      for (let n = 0; n < 3; n += 1) {
        await tick(place);
        while (await consumer.processBatch(handler));
      }
      expect(await effected(place)).toEqual(['a', 'b', 'bad']);
    });

    it.each(['read committed', 'repeatable read', 'serializable'] as const)(
      'rolls back in %s where another session has finished the batch',
      async (isolation) => {
        await effects(place);
        const consumers = [1, 2].map(() => new TransactionalConsumer({ ...options(), isolation }));
        await consumers[0]?.register();
        await produce('a', 'b');
        let met = 0;
        let go: () => void = () => undefined;
        const both = new Promise<void>((resolve) => (go = resolve));
        const outcomes = await Promise.allSettled(
          consumers.map((consumer) =>
            consumer.processBatch(async (batch, { query }) => {
              const data: (string | null)[] = [];
              await read(batch, data);
              met += 1;
              if (met === 2) go();
              await both;
              for (const each of data) await query(insert, [each]);
            }),
          ),
        );
        expect(outcomes.map(({ status }) => status).sort()).toEqual(['fulfilled', 'rejected']);
        const [lost] = outcomes.filter((outcome) => outcome.status === 'rejected');
        expect(lost?.reason).toMatchObject({ kind: 'busy' });
        expect(await effected(place)).toEqual(['a', 'b']);
        for (const consumer of consumers) await consumer.close();
      },
    );
  });

  describe('exactly once in another database', () => {
    const insert = 'insert into effect values ($1)';
    let elsewhere: Place;

    beforeEach(async () => {
      elsewhere = await makePlace(server().port);
      await effects(elsewhere);
    });

    const remote = (): RemoteConsumer => new RemoteConsumer({ ...options(), target: elsewhere.reading });

    it('moves the position with the work, and finishes what was committed before', async () => {
      await using consumer = remote();
      await consumer.register();
      await produce('a', 'b');
      const work = (consumerThere: RemoteConsumer): Promise<boolean> =>
        consumerThere.processBatch(async (batch, { query }) => {
          for await (const event of batch) await query(insert, [event.data]);
        });
      // Its connection to the queue goes away while the target commits: the batch comes again.
      await using owner = await open(place.owner);
      await expect(
        consumer.processBatch(async (batch, { query }) => {
          for await (const event of batch) await query(insert, [event.data]);
          await asSuperuser(server().port, (admin) =>
            admin.query(`select pg_terminate_backend(pid) from pg_stat_activity
              where application_name = 'c' and datname = '${place.owner.database}'`),
          );
        }),
      ).rejects.toMatchObject({ kind: 'unreachable' });
      expect(await owner.query('select sub_batch is not null as open from pgq.subscription')).toEqual([
        { open: true },
      ]);
      while (await work(consumer));
      expect(await effected(elsewhere)).toEqual(['a', 'b']);
      await produce('c');
      while (await work(consumer));
      expect(await effected(elsewhere)).toEqual(['a', 'b', 'c']);
    });

    it('lets one of two processes do the work of a batch', async () => {
      const consumers = [remote(), remote()];
      await consumers[0]?.register();
      const all = Array.from({ length: 20 }, (_, n) => `event ${String(n).padStart(2, '0')}`);
      for (const data of all) await produce(data);
      let batches = 0;
      let lost = 0;
      await Promise.all(
        consumers.map(async (consumer) => {
          for (;;) {
            try {
              const worked = await consumer.processBatch(async (batch, { query }) => {
                batches += 1;
                for await (const event of batch) await query(insert, [event.data]);
              });
              if (!worked) break;
            } catch (error) {
              expect(error).toMatchObject({ kind: 'busy' });
              lost += 1;
            }
          }
          await consumer.close();
        }),
      );
      console.log(`two processes: ${batches} batches worked on, ${lost} lost to the other one`);
      expect(lost).toBeGreaterThan(0);
      expect(await effected(elsewhere)).toEqual(all);
    });

    it('refuses to go on where ticks are missing, and says what to type', async () => {
      await using consumer = remote();
      await consumer.register();
      await produce('a');
      await consumer.processBatch(() => undefined);
      await using target = await open(elsewhere.owner);
      await target.query(`select pgq_ext.set_last_tick('q/c', 77)`);
      await produce('b');
      const lost = consumer.processBatch(() => undefined);
      await expect(lost).rejects.toMatchObject({
        kind: 'lost-position',
        message: expect.stringContaining('position q/c is at tick 77') as string,
        hint: expect.stringContaining("pgq.register_consumer_at('q', 'c', 77)") as string,
      });
      await target.execute('drop schema pgq_ext cascade');
      await expect(consumer.processBatch(() => undefined)).rejects.toMatchObject({
        message: expect.stringContaining('schema pgq_ext is not installed') as string,
      });
    });
  });

  describe('odd circumstances', () => {
    it.each(['a"b\'c.d \\ €', 'x'.repeat(63), '%s "; drop table pgq.queue; --'])(
      'reads queue %s',
      async (queue) => {
        await using session = await open(place.owner);
        await createQueue(session, queue);
        const stop = new AbortController();
        const consumer = new Consumer(options({ queue, consumer: queue, pollMs: 60_000 }));
        await consumer.register();
        const seen: (string | null)[] = [];
        const run = consumer.run(
          async (batch) => {
            await read(batch, seen);
            if (seen.length > 0) stop.abort();
          },
          { signal: stop.signal },
        );
        await inClient(place.writing, (client) =>
          new Producer(queue).insert(client, { type: 't', data: '' }),
        );
        await tick(place, queue);
        await run;
        expect(seen).toEqual(['']);
      },
    );

    it('says what is missing and what to type', async () => {
      const failing = async (more: Partial<ConsumerOptions>): Promise<LondisteError> => {
        const error: unknown = await new Consumer(options(more))
          .run(() => undefined)
          .then(
            () => undefined,
            (thrown: unknown) => thrown,
          );
        if (error instanceof LondisteError) return error;
        throw new Error(`not one of ours: ${String(error)}`);
      };
      const where = `queue ${place.owner.database} at 127.0.0.1:${server().port}`;
      expect(await failing({ queue: 'nowhere' })).toMatchObject({
        kind: 'refused',
        message: `${where}: there is no queue nowhere`,
        hint: 'run: pgqadm create nowhere',
      });
      expect(await failing({})).toMatchObject({
        kind: 'refused',
        message: `${where}: consumer c is not registered on queue q`,
        hint: 'call register() once, or run: pgqadm register q c',
      });
      await using owner = await open(place.owner);
      await owner.query(`select pgq.register_consumer('q', 'c')`);
      expect(await failing({ connection: place.nobody })).toMatchObject({
        kind: 'rights',
        hint: 'grant pgq_reader to the role that consumes',
      });
      expect(await failing({ connection: { ...place.reading, database: 'postgres' } })).toMatchObject({
        kind: 'refused',
        message: expect.stringContaining('schema pgq is not installed') as string,
        hint: 'run: pgqadm install',
      });
      expect(await failing({ connection: { ...place.reading, database: 'nowhere' } })).toMatchObject({
        kind: 'missing-database',
      });
      expect(await failing({ connection: { ...place.reading, port: 1 } })).toMatchObject({
        kind: 'unreachable',
      });
      expect(() => new Consumer(options({ connection: 'host=a,b' }))).toThrow('several hosts');
    });
  });
});
