/** What a handler throws, and what it lets through from the consumer's own sessions: each ends where it belongs. */
import { describe, expect, it } from 'vitest';
import { Consumer, eachEvent, LondisteError, TransactionalConsumer } from '../../src/library/index.js';
import type { Transaction } from '../../src/library/index.js';
import { open } from '../support/databases.js';
import { createEffects, effected, options, ownPlace, produce, type Place } from './place.js';

/** As Node reports a file that is not there, a server that is not, and what a library of somebody else's may. */
const handlersOwn: readonly (readonly [string, unknown])[] = [
  ...['ENOENT', 'ECONNREFUSED', 'ETIMEDOUT', '40001'].map(
    (code) => [code, Object.assign(new Error(`no: ${code}`), { code })] as const,
  ),
  ['a LondisteError', new LondisteError('unreachable', 'another server is gone')],
  ['undefined', undefined],
  ['null', null],
  ['a string', 'no'],
];

describe.each(['oldest', 'newest'] as const)('a handler on %s', (which) => {
  const place = ownPlace(which);
  const consumers = (at: Place): readonly (Consumer | TransactionalConsumer)[] => [
    new Consumer(options(at, { maxRetries: 0 })),
    new TransactionalConsumer(options(at, { maxRetries: 0 })),
  ];

  it('ends run by whatever it throws itself, and eachEvent makes a dead letter of the event', async () => {
    await consumers(place())[0]?.register();
    for (const [name, thrown] of handlersOwn) {
      await produce(place(), name);
      for (const consumer of consumers(place())) {
        let times = 0;
        const stop = new AbortController();
        const outcome = await consumer
          .run(
            () => {
              times += 1;
              if (times > 1) stop.abort();
              throw thrown;
            },
            { signal: stop.signal },
          )
          .then(
            () => 'went on',
            (error: unknown) => ({ error }),
          );
        expect(outcome, name).toEqual({ error: thrown });
      }
      const [plain, transactional] = consumers(place());
      const worker = name.length % 2 === 0 ? plain : transactional;
      const handler = eachEvent<Transaction | undefined>(() => {
        throw thrown;
      });
      expect(await worker?.processBatch(handler), name).toBe(true);
      await worker?.close();
    }
    await using owner = await open(place().owner);
    const letters = await owner.query<{ data: string; reason: string }>(
      `select ev_data as data, dl_reason as reason from pgq.get_dead_events('q', 'c') order by dl_id`,
    );
    expect(letters).toEqual(
      handlersOwn.map(([data, thrown]) => ({
        data,
        reason: thrown instanceof Error ? thrown.message : String(thrown),
      })),
    );
  });

  it('has its transaction done again after a deadlock, and no event of it retried', async () => {
    await createEffects(place());
    const told: unknown[] = [];
    const stop = new AbortController();
    let times = 0;
    const each = eachEvent<Transaction>(async (event, { query }) => {
      times += 1;
      await query('insert into effect values ($1)', [event.data]);
      if (times <= 2) await query(`do $$ begin raise exception 'no' using errcode = '40P01'; end $$`);
    });
    const run = (onError: (error: unknown) => void): Promise<void> =>
      new TransactionalConsumer(options(place(), { onError })).run(
        async (batch, context) => {
          await each(batch, context);
          if (times === 3) stop.abort();
        },
        { signal: stop.signal },
      );
    await consumers(place())[0]?.register();
    await produce(place(), 'a');
    await run((error) => told.push(error));
    expect(told).toMatchObject([{ code: '40P01' }, { code: '40P01' }]);
    expect(await effected(place())).toEqual(['a']);
    await using owner = await open(place().owner);
    expect(await owner.query('select from pgq.retry_queue')).toEqual([]);
  });
});
