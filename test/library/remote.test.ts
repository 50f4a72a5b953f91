/** Exactly once in another database, which keeps the position. */
import { beforeEach, describe, expect, it } from 'vitest';
import { RemoteConsumer } from '../../src/library/index.js';
import { asSuperuser, open } from '../support/databases.js';
import { createEffects, effected, makePlace, options, ownPlace, produce, type Place } from './place.js';

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
    await target.query(`select pgq_ext.set_last_tick('q/c', 77)`);
    await produce(place(), 'b');
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
