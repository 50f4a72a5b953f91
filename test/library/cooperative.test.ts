/** Several workers of one consumer: every event is seen, whoever of them dies. */
import { beforeEach, describe, expect, it } from 'vitest';
import { CooperativeConsumer, Producer, type CooperativeOptions } from '../../src/library/index.js';
import { open } from '../support/databases.js';
import { eventually } from '../support/eventually.js';
import { ownServer } from '../support/own-server.js';
import { inClient, makePlace, tick, type Place } from './place.js';

describe.each(['oldest', 'newest'] as const)('workers of a consumer on %s', (which) => {
  const server = ownServer(which);
  let place: Place;

  beforeEach(async () => {
    place = await makePlace(server().port);
    await using owner = await open(place.owner);
    await owner.query(`select pgq.register_consumer('q', 'c')`);
  });

  const worker = (subconsumer: string, more: Partial<CooperativeOptions> = {}): CooperativeConsumer =>
    new CooperativeConsumer({
      ...{
        connection: place.reading,
        queue: 'q',
        consumer: 'c',
        subconsumer,
        pollMs: 50,
        retrySeconds: () => 0,
      },
      ...more,
    });
  const produce = async (batches: number): Promise<string[]> => {
    const all: string[] = [];
    for (let n = 0; n < batches; n += 1) {
      all.push(`event ${n}`);
      await inClient(place.writing, (client) =>
        new Producer('q').insert(client, { type: 't', data: `event ${n}` }),
      );
      await tick(place);
    }
    return all;
  };

  it('share its batches, and each sees others', async () => {
    const workers = ['a', 'b', 'c'].map((name) => worker(name));
    for (const each of workers) expect(await each.register()).toBe(true);
    const all = await produce(12);
    const seen: string[] = [];
    const by = new Map<number, number>();
    const stop = new AbortController();
    let go: () => void = () => undefined;
    const everybody = new Promise<void>((resolve) => (go = resolve));
    await Promise.all(
      workers.map((each, n) =>
        each.run(
          async (batch) => {
            by.set(n, (by.get(n) ?? 0) + 1);
            // Until all of them have a batch at once.
            if (by.size === workers.length) go();
            await everybody;
            for await (const { data } of batch) seen.push(data ?? '');
            if (seen.length === all.length) stop.abort();
          },
          { signal: stop.signal },
        ),
      ),
    );
    expect(seen.sort()).toEqual(all.sort());
    console.log(`batches of each worker: ${[...by.values()].join(', ')}`);
    expect(by.size).toBe(3);
  });

  it('take over from one that is silent, and retry under the name of the consumer', async () => {
    await using dead = worker('dead');
    await dead.register();
    await produce(1);
    await expect(
      dead.processBatch(() => {
        throw new Error('it dies');
      }),
    ).rejects.toThrow('it dies');

    await using patient = worker('patient', { deadInterval: '1 hour' });
    expect(await patient.processBatch(() => undefined)).toBe(false);
    await using heir = worker('heir', { deadInterval: '0' });
    const seen: string[] = [];
    const round = (): Promise<boolean> =>
      heir.processBatch(async (batch) => {
        for await (const event of batch) {
          seen.push(`${event.data ?? ''} ${event.retries}`);
          if (event.retries === 0) batch.retry(event);
          else batch.dead(event, 'enough');
        }
      });
    await eventually(async () => {
      await tick(place);
      while (await round());
      return seen;
    }, ['event 0 0', 'event 0 1']);
    await using owner = await open(place.owner);
    expect(await owner.query(`select dl_consumer, dl_reason from pgq.get_dead_events('q', 'c')`)).toEqual([
      { dl_consumer: 'c', dl_reason: 'enough' },
    ]);
  });

  it('are not unregistered amid a batch, whose events would be lost', async () => {
    await using stopped = worker('stopped');
    await stopped.register();
    const all = await produce(1);
    const stop = new AbortController();
    await stopped.run(
      async (batch) => {
        stop.abort();
        for await (const event of batch) expect.fail(`event ${event.id} after the stop`);
      },
      { signal: stop.signal },
    );
    await expect(stopped.unregister()).rejects.toMatchObject({
      kind: 'refused',
      message: expect.stringContaining('worker stopped of consumer c on queue q has an open batch') as string,
      hint: expect.stringContaining('deadInterval') as string,
    });
    const seen: (string | null)[] = [];
    while (
      await stopped.processBatch(async (batch) => {
        for await (const { data } of batch) seen.push(data);
      })
    );
    expect(seen).toEqual(all);
    expect(await stopped.unregister()).toBe(true);
    expect(await stopped.unregister()).toBe(false);
  });

  it('say that the consumer is not there', async () => {
    await using lost = new CooperativeConsumer({
      ...{ connection: place.reading, queue: 'q', consumer: 'unknown', subconsumer: 'a' },
    });
    await expect(lost.processBatch(() => undefined)).rejects.toMatchObject({
      kind: 'refused',
      message: expect.stringContaining('consumer unknown.a is not registered on queue q') as string,
      hint: expect.stringContaining("pgq_coop.register_subconsumer('q', 'unknown', 'a')") as string,
    });
  });
});
