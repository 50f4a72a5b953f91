/** Exactly once in another database, which keeps the position. */
import { beforeEach, describe, expect, it } from 'vitest';
import { RemoteConsumer } from '../../src/library/index.js';
import { asSuperuser, open } from '../support/databases.js';
import {
  createEffects,
  createQueue,
  effected,
  makePlace,
  options,
  ownPlace,
  produce,
  tick,
  type Place,
} from './place.js';

describe.each(['oldest', 'newest'] as const)('remote consumers on %s', (which) => {
  const place = ownPlace(which);

  const insert = 'insert into effect values ($1)';
  let elsewhere: Place;

  beforeEach(async () => {
    elsewhere = await makePlace(place().owner.port);
    await createEffects(elsewhere);
  });

  const remote = (): RemoteConsumer => new RemoteConsumer({ ...options(place()), target: elsewhere.reading });

  it('moves the position with the work, and finishes what was committed before', async () => {
    await using consumer = remote();
    await consumer.register();
    await produce(place(), 'a', 'b');
    const work = (consumerThere: RemoteConsumer): Promise<boolean> =>
      consumerThere.processBatch(async (batch, { query }) => {
        for await (const event of batch) await query(insert, [event.data]);
      });
    // Its connection to the queue goes away while the target commits: the batch comes again.
    await using owner = await open(place().owner);
    await expect(
      consumer.processBatch(async (batch, { query }) => {
        for await (const event of batch) await query(insert, [event.data]);
        await asSuperuser(place().owner.port, (admin) =>
          admin.query(`select pg_terminate_backend(pid) from pg_stat_activity
            where application_name = 'c' and datname = '${place().owner.database}'`),
        );
      }),
    ).rejects.toMatchObject({ kind: 'unreachable' });
    expect(await owner.query('select sub_batch is not null as open from pgq.subscription')).toEqual([
      { open: true },
    ]);
    while (await work(consumer));
    expect(await effected(elsewhere)).toEqual(['a', 'b']);
    await produce(place(), 'c');
    while (await work(consumer));
    expect(await effected(elsewhere)).toEqual(['a', 'b', 'c']);
  });

  it('lets one of two processes do the work of a batch', async () => {
    const consumers = [remote(), remote()];
    await consumers[0]?.register();
    const all = Array.from({ length: 20 }, (_, n) => `event ${String(n).padStart(2, '0')}`);
    for (const data of all) await produce(place(), data);
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
    await produce(place(), 'a');
    await consumer.processBatch(() => undefined);
    await using target = await open(elsewhere.owner);
    await target.query('update pgq_ext.completed_tick set last_tick_id = 77 where subconsumer_id = $1', ['']);
    await produce(place(), 'b');
    const lost = consumer.processBatch(() => undefined);
    await expect(lost).rejects.toMatchObject({
      kind: 'lost-position',
      message: expect.stringMatching(/position \["\d+",.*,"q","c"\] is at tick 77,/) as string,
      hint: expect.stringContaining("pgq.register_consumer_at('q', 'c', 77)") as string,
    });
    await target.execute('drop schema pgq_ext cascade');
    await expect(consumer.processBatch(() => undefined)).rejects.toMatchObject({
      message: expect.stringContaining('schema pgq_ext is not installed') as string,
    });
  });

  const drain = async (consumer: RemoteConsumer): Promise<void> => {
    while (
      await consumer.processBatch(async (batch, { query }) => {
        for await (const event of batch) await query(insert, [event.data]);
      })
    );
  };

  it('tells queues of the same name apart: of another database, and one made anew', async () => {
    const other = await makePlace(place().owner.port);
    const sources = [place(), other];
    for (const source of sources) {
      await using consumer = new RemoteConsumer({ ...options(source), target: elsewhere.reading });
      await consumer.register();
      await produce(source, `of ${sources.indexOf(source)}`);
      await drain(consumer);
    }
    expect(await effected(elsewhere)).toEqual(['of 0', 'of 1']);

    await using owner = await open(place().owner);
    await owner.query(`select pgq.drop_queue('q', true)`);
    await createQueue(owner, 'q');
    // As by a command that knows nothing of the target.
    await owner.query(`select pgq.register_consumer('q', 'c')`);
    await produce(place(), 'of a new queue');
    await using consumer = remote();
    await drain(consumer);
    expect(await effected(elsewhere)).toEqual(['of 0', 'of 1', 'of a new queue']);
  });

  it('tells names with slashes apart', async () => {
    await using owner = await open(place().owner);
    for (const [queue, consumer] of [
      ['a/b', 'c'],
      ['a', 'b/c'],
    ] as const) {
      await createQueue(owner, queue);
      await using worker = new RemoteConsumer({
        ...options(place(), { queue, consumer }),
        target: elsewhere.reading,
      });
      await worker.register();
      await owner.query(`select pgq.insert_event($1, 't', $1)`, [queue]);
      await tick(place(), queue);
      await drain(worker);
    }
    expect(await effected(elsewhere)).toEqual(['a', 'a/b']);
  });

  it.each([undefined, "one's own"])('begins anew when it is registered again, position %s', async (name) => {
    await using consumer = new RemoteConsumer({
      ...options(place()),
      target: elsewhere.reading,
      ...(name === undefined ? {} : { position: name }),
    });
    await using owner = await open(place().owner);
    await using target = await open(elsewhere.owner);
    const kept = async (): Promise<number> =>
      (await target.one<{ n: number }>('select count(*) as n from pgq_ext.completed_tick')).n;
    await consumer.register();
    await produce(place(), 'a');
    await drain(consumer);
    expect(await kept()).toBe(2);
    expect(await consumer.register()).toBe(false);
    expect(await kept()).toBe(2);
    expect(await consumer.unregister()).toBe(true);
    expect(await kept()).toBe(0);
    await produce(place(), 'missed');
    await consumer.register();
    await produce(place(), 'b');
    await drain(consumer);
    // By a command that leaves the position behind.
    await owner.query(`select pgq.unregister_consumer('q', 'c')`);
    await produce(place(), 'missed');
    expect(await consumer.register()).toBe(true);
    await produce(place(), 'c');
    await drain(consumer);
    expect(await effected(elsewhere)).toEqual(['a', 'b', 'c']);
  });

  it('goes on after a promotion, and refuses ticks of another history under the numbers that it knows', async () => {
    await using consumer = remote();
    await using owner = await open(place().owner);
    await consumer.register();
    await produce(place(), 'a');
    await drain(consumer);
    /** The next tick finds another timeline, as on a standby that was promoted. */
    const promote = (): Promise<unknown> => owner.query('update pgq.epoch set timeline = timeline + 100');
    await promote();
    await produce(place(), 'b');
    await drain(consumer);
    expect(await effected(elsewhere)).toEqual(['a', 'b']);
    expect(await owner.one('select max(epoch) as epoch from pgq.epoch')).toEqual({ epoch: 2 });

    // The server as it was before b, and what it did then: the tick's number and the epoch's come again.
    await owner.execute(`update pgq.epoch set since = since + interval '1 second' where epoch = 2`);
    await owner.query(`select pgq.register_consumer_at('q', 'c', 2)`);
    const lost = await consumer.processBatch(() => undefined).catch((error: unknown) => error);
    expect(lost).toMatchObject({
      kind: 'lost-position',
      message: expect.stringContaining('is at tick 3 of another history of the queue') as string,
    });
    const [typed] = /select pgq_ext\..*\)(?= on the target)/.exec((lost as { hint: string }).hint) ?? [];
    await using target = await open(elsewhere.owner);
    await target.query(typed ?? '');
    await drain(consumer);
    expect(await effected(elsewhere)).toEqual(['a', 'b', 'b']);
  });
});
