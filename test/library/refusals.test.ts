/** Odd names, and what is said where something is missing. */
import { describe, expect, it } from 'vitest';
import { Consumer, LondisteError, Producer, type ConsumerOptions } from '../../src/library/index.js';
import { open } from '../support/databases.js';
import { createQueue, inClient, options, ownPlace, read, tick } from './place.js';

describe.each(['oldest', 'newest'] as const)('consumers on %s', (which) => {
  const place = ownPlace(which);

  it.each(['a"b\'c.d \\ €', 'x'.repeat(63), '%s "; drop table pgq.queue; --'])(
    'reads queue %s',
    async (queue) => {
      await using session = await open(place().owner);
      await createQueue(session, queue);
      const stop = new AbortController();
      const consumer = new Consumer(options(place(), { queue, consumer: queue, pollMs: 60_000 }));
      await consumer.register();
      const seen: (string | null)[] = [];
      const run = consumer.run(
        async (batch) => {
          await read(batch, seen);
          if (seen.length > 0) stop.abort();
        },
        { signal: stop.signal },
      );
      await inClient(place().writing, (client) =>
        new Producer(queue).insert(client, { type: 't', data: '' }),
      );
      await tick(place(), queue);
      await run;
      expect(seen).toEqual(['']);
    },
  );

  it('says what is missing and what to type', async () => {
    const failing = async (more: Partial<ConsumerOptions>): Promise<LondisteError> => {
      const error: unknown = await new Consumer(options(place(), more))
        .run(() => undefined)
        .then(
          () => undefined,
          (thrown: unknown) => thrown,
        );
      if (error instanceof LondisteError) return error;
      throw new Error(`not one of ours: ${String(error)}`);
    };
    const where = `queue ${place().owner.database} at 127.0.0.1:${place().owner.port}`;
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
    await using owner = await open(place().owner);
    await owner.query(`select pgq.register_consumer('q', 'c')`);
    expect(await failing({ connection: place().nobody })).toMatchObject({
      kind: 'rights',
      hint: 'grant pgq_reader to the role that consumes',
    });
    expect(await failing({ connection: { ...place().reading, database: 'postgres' } })).toMatchObject({
      kind: 'refused',
      message: expect.stringContaining('schema pgq is not installed') as string,
      hint: 'run: pgqadm install',
    });
    expect(await failing({ connection: { ...place().reading, database: 'nowhere' } })).toMatchObject({
      kind: 'missing-database',
    });
    expect(await failing({ connection: { ...place().reading, port: 1 } })).toMatchObject({
      kind: 'unreachable',
    });
    expect(() => new Consumer(options(place(), { connection: 'host=a,b' }))).toThrow('several hosts');
  });
});
