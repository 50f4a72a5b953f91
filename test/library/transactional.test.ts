/** Exactly once in the queue's own database: the work and the end of the batch are one transaction. */
import { describe, expect, it } from 'vitest';
import { eachEvent, TransactionalConsumer, type Transaction } from '../../src/library/index.js';
import { createEffects, effected, options, ownPlace, produce, read, tick } from './place.js';

describe.each(['oldest', 'newest'] as const)('transactional consumers on %s', (which) => {
  const place = ownPlace(which);

  const insert = 'insert into effect values ($1)';

  it('commits the work with the end of the batch, or neither', async () => {
    await createEffects(place());
    await using consumer = new TransactionalConsumer(options(place()));
    await consumer.register();
    await produce(place(), 'a', 'b');
    const work = (fail: boolean): Promise<boolean> =>
      consumer.processBatch(async (batch, { query }) => {
        for await (const event of batch) {
          expect((await query(insert, [event.data])).rowCount).toBe(1);
          if (fail) throw new Error('no');
        }
        // As the driver of the program returns it.
        expect((await query(`select 1::bigint as big, 'x' as text`)).rows).toEqual([{ big: '1', text: 'x' }]);
      });
    await expect(work(true)).rejects.toThrow('no');
    expect(await effected(place())).toEqual([]);
    expect(await work(false)).toBe(true);
    expect(await work(false)).toBe(false);
    expect(await effected(place())).toEqual(['a', 'b']);
  });

  it('undoes what a failed event did and retries it', async () => {
    await createEffects(place());
    await using consumer = new TransactionalConsumer(options(place()));
    await consumer.register();
    await produce(place(), 'a', 'bad', 'b');
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
    expect(await effected(place())).toEqual(['a', 'b']);
    for (let n = 0; n < 3; n += 1) {
      await tick(place());
      while (await consumer.processBatch(handler));
    }
    expect(await effected(place())).toEqual(['a', 'b', 'bad']);
  });

  it('nests no savepoint in that of an event that failed', async () => {
    await using consumer = new TransactionalConsumer(options(place()));
    await consumer.register();
    await produce(place(), 'bad', 'bad', 'last');
    const released: unknown[] = [];
    const release = 'release savepoint londiste_event';
    const batch = consumer.processBatch(
      eachEvent<Transaction>(async ({ data }, { query }) => {
        if (data === 'bad') throw new Error('no');
        for (let depth = 0; depth < 2; depth += 1) {
          released.push(
            await query(release).then(
              () => 'released',
              (error: unknown) => (error as { code?: string }).code,
            ),
          );
        }
      }),
    );
    await batch.catch(() => undefined);
    // The last event's own, and none around it: no such savepoint.
    expect(released).toEqual(['released', '3B001']);
  });

  it.each(['read committed', 'repeatable read', 'serializable'] as const)(
    'rolls back in %s where another session has finished the batch',
    async (isolation) => {
      await createEffects(place());
      const consumers = [1, 2].map(() => new TransactionalConsumer({ ...options(place()), isolation }));
      await consumers[0]?.register();
      await produce(place(), 'a', 'b');
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
      expect(await effected(place())).toEqual(['a', 'b']);
      for (const consumer of consumers) await consumer.close();
    },
  );
});
