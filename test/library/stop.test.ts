/** Stopping, waking up and coming back: nothing is lost, and nothing waits longer than it must. */
import { once } from 'node:events';
import { beforeEach, describe, expect, it } from 'vitest';
import { Consumer, Producer, TransactionalConsumer, type ConsumerOptions } from '../../src/library/index.js';
import { asSuperuser } from '../support/databases.js';
import { eventually } from '../support/eventually.js';
import { ownServer } from '../support/own-server.js';
import { inClient, makePlace, tick, type Place } from './place.js';

describe.each(['oldest', 'newest'] as const)('a consumer on %s', (which) => {
  const server = ownServer(which);
  let place: Place;

  beforeEach(async () => {
    place = await makePlace(server().port);
    await new Consumer(options()).register();
  });

  /** Looks for a batch once an hour: what comes sooner was told by the ticker. */
  const options = (more: Partial<ConsumerOptions> = {}): ConsumerOptions => ({
    ...{ connection: place.reading, queue: 'q', consumer: 'c', pollMs: 3_600_000 },
    ...more,
  });
  const produce = async (...data: string[]): Promise<void> => {
    await inClient(place.writing, (client) =>
      new Producer('q').insertMany(
        client,
        data.map((each) => ({ type: 't', data: each })),
      ),
    );
    await tick(place);
  };
  /** Until it listens, and has found no batch. */
  const idle = (): Promise<void> =>
    eventually(
      () =>
        asSuperuser(server().port, (admin) =>
          admin.query(`select from pg_stat_activity where application_name = 'c' and state = 'idle'
            and datname = '${place.owner.database}' and query like '%next_batch%'`),
        ),
      [{}],
    );
  const terminate = (): Promise<unknown> =>
    asSuperuser(server().port, (admin) =>
      admin.query(`select pg_terminate_backend(pid) from pg_stat_activity
        where application_name = 'c' and datname = '${place.owner.database}'`),
    );

  it('stops at once while it waits, and wakes when the ticker says so', async () => {
    const stop = new AbortController();
    const seen: (string | null)[] = [];
    let sawAt = 0;
    const run = new Consumer(options()).run(
      async (batch) => {
        for await (const { data } of batch) seen.push(data);
        sawAt = performance.now();
      },
      { signal: stop.signal },
    );
    await idle();
    await produce('a');
    const tickedAt = performance.now();
    await eventually(() => seen, ['a']);
    console.log(`woken ${(sawAt - tickedAt).toFixed(1)} ms after the tick was known to be committed`);
    const stoppedAt = performance.now();
    stop.abort();
    await run;
    expect(performance.now() - stoppedAt).toBeLessThan(2_000);
  });

  it('leaves a batch that it is stopped in for the next time, whatever the handler does about it', async () => {
    const all = Array.from({ length: 30 }, (_, n) => `${n} ${'x'.repeat(100)}`);
    await produce(...all);
    let waited = 0;
    for (const kind of ['throws', 'leaves the loop', 'waits for the signal'] as const) {
      const stop = new AbortController();
      let seen = 0;
      await new Consumer(options({ bufferBytes: 1000 })).run(
        async (batch) => {
          for await (const event of batch) {
            seen += 1;
            if (seen === 12 && kind !== 'waits for the signal') stop.abort();
            if (seen === 12 && kind === 'leaves the loop') break;
            if (seen === 12 && kind === 'throws') throw new Error(`at ${event.id}`);
            if (kind === 'waits for the signal' && seen === 11) {
              setImmediate(() => stop.abort());
              await once(batch.signal, 'abort');
              waited += 1;
            }
          }
        },
        { signal: stop.signal },
      );
      expect(seen, kind).toBe(kind === 'waits for the signal' ? 11 : 12);
    }
    expect(waited).toBe(1);
    // A stop after the last event is none.
    const stop = new AbortController();
    const seen: (string | null)[] = [];
    await new Consumer(options()).run(
      async (batch) => {
        for await (const { data } of batch) seen.push(data);
        stop.abort();
      },
      { signal: stop.signal },
    );
    expect(seen).toEqual(all);
    await using again = new Consumer(options());
    expect(await again.processBatch(() => undefined)).toBe(false);
  });

  it('ends a statement of the handler that runs when it is stopped, and rolls back', async () => {
    await produce('a');
    const stop = new AbortController();
    const began = performance.now();
    await new TransactionalConsumer(options()).run(
      async (_, { query }) => {
        setTimeout(() => stop.abort(), 50);
        await query('select pg_sleep(60)');
      },
      { signal: stop.signal },
    );
    expect(performance.now() - began).toBeLessThan(20_000);
    await using again = new Consumer(options());
    expect(await again.processBatch(() => undefined)).toBe(true);
  });

  it('comes back when its connection is lost, while it waits and amid a batch', async () => {
    const stop = new AbortController();
    const seen: (string | null)[] = [];
    const told: unknown[] = [];
    const run = new Consumer(options({ bufferBytes: 1000, onError: (error) => told.push(error) })).run(
      async (batch) => {
        const now: (string | null)[] = [];
        for await (const { data } of batch) {
          now.push(data?.slice(0, 1) ?? null);
          if (now.length === 2 && told.length < 2) await terminate();
        }
        seen.push(...now);
      },
      { signal: stop.signal },
    );
    await idle();
    await terminate();
    // Many pieces, so that the connection is needed after it is gone.
    const all = Array.from({ length: 9 }, (_, n) => `${n} ${'x'.repeat(600)}`);
    await produce(...all);
    await eventually(() => seen.length, all.length);
    expect(seen).toEqual(all.map((data) => data.slice(0, 1)));
    expect(told.length).toBeGreaterThan(0);
    for (const error of told) expect(error).toMatchObject({ kind: 'unreachable' });
    stop.abort();
    await run;
  });
});
