/** What piles up: versions of subscriptions, ticks, consumers that nobody runs. */
import { describe, expect, it } from 'vitest';
import type { Session } from '../../../src/db/session.js';
import { maintainOnce } from '../../../src/ticker/maintainer.js';
import { setQueueConfig } from '../../../src/pgq/queue.js';
import { open } from '../../support/databases.js';
import { eventually } from '../../support/eventually.js';
import { isLong } from '../../support/random-stories.js';
import { drain, eagerQueue, pgqDatabase, value, write } from './pgq-database.js';

const ticks = isLong ? 100_000 : 5_600;
const part = ticks / 10;

/** Runs in the server, so that what is measured is the server; returns the medians of each part, in microseconds. */
const rounds = `create procedure public.rounds(in n integer, in part integer, inout next float8[], inout finish float8[])
  language plpgsql as $$
  declare
    began timestamptz; batch bigint; nexts float8[] := '{}'; finishes float8[] := '{}';
  begin
    for i in 1..n loop
      perform pgq.insert_event('q', 't', 'd');
      commit;
      perform pgq.ticker();
      commit;
      began := clock_timestamp();
      batch := pgq.next_batch('q', 'c');
      commit;
      nexts := nexts || extract(epoch from clock_timestamp() - began)::float8;
      began := clock_timestamp();
      perform pgq.finish_batch(batch);
      commit;
      finishes := finishes || extract(epoch from clock_timestamp() - began)::float8;
      if i % part = 0 then
        next := next || (select percentile_cont(0.5) within group (order by x) * 1e6 from unnest(nexts) x);
        finish := finish || (select percentile_cont(0.5) within group (order by x) * 1e6 from unnest(finishes) x);
        nexts := '{}';
        finishes := '{}';
      end if;
    end loop;
  end $$`;

const metadata = `select sum(pg_total_relation_size(c.oid))::bigint from pg_class c
  where c.relnamespace = 'pgq'::regnamespace and c.relkind = 'r' and c.relname !~ '^event_'`;

describe.each(['oldest', 'newest'] as const)('hygiene on %s', (which) => {
  it(
    'batches cost the same beside an open transaction, and one maintenance after it the tables are small',
    { timeout: isLong ? 1_800_000 : 180_000 },
    async () => {
      const settings = await pgqDatabase(which);
      await using session = await open(settings);
      await using idle = await open(settings);
      await eagerQueue(session);
      await session.execute(rounds);
      // With a snapshot only: an id of its own would hold up other files' tests on this server.
      await idle.query('begin isolation level repeatable read');
      await idle.query(isLong ? 'select txid_current()' : 'select 1');
      const costs = await session.one<{ next: string; finish: string }>(
        `call public.rounds($1, $2, '{}', '{}')`,
        [ticks, part],
      );
      const before = await value<number>(session, metadata);
      await idle.query('commit');
      const ratio = (medians: string): number => {
        const [first = 0, ...rest] = medians.slice(1, -1).split(',').map(Number);
        return Math.min(...rest.slice(-3)) / first;
      };
      const ratios = [ratio(costs.next), ratio(costs.finish)];
      // What others' transactions on this server still keep is there until they end.
      await eventually(async () => {
        expect((await maintainOnce(session)).failures).toEqual([]);
        return (await value<number>(session, metadata)) < 1024 * 1024;
      }, true);
      console.log(
        `${which}: ${ticks} ticks beside an open transaction: next_batch, finish_batch at the end ${ratios.map((n) => n.toFixed(2)).join(', ')} ` +
          `times the first ones; metadata ${before} bytes, after maintenance ${await value<number>(session, metadata)}`,
      );
      expect(before, 'the moment').toBeGreaterThan(isLong ? 2 ** 20 : 2 ** 19);
      expect(Math.max(...ratios)).toBeLessThan(2);
      await write(session, 'after');
      await session.query('select pgq.ticker()');
      expect((await drain(session)).at(-1)?.data).toBe('after');
    },
  );

  it('of ticks that all have passed the last ones stay, and of older ones one a minute', async () => {
    await using session = await open(await pgqDatabase(which));
    await eagerQueue(session);
    await session.query('delete from pgq.tick');
    await session.query(
      `insert into pgq.tick (tick_queue, tick_id, tick_time, tick_event_seq)
       select 1, n, date_trunc('hour', now()) - interval '1 day' + n * interval '20 seconds', 0 from generate_series(1, 30) n`,
    );
    await session.query('update pgq.subscription set sub_last_tick = 25');
    await setQueueConfig(session, 'q', 'ticks_kept', '4');
    await maintainOnce(session);
    expect(await session.query<{ id: number }>('select tick_id as id from pgq.tick order by 1')).toEqual(
      // One a minute up to 20, then the four before the consumer's, its own and what comes.
      [1, 3, 6, 9, 12, 15, 18, ...Array.from({ length: 10 }, (_, n) => 21 + n)].map((id) => ({ id })),
    );
  });

  it('a consumer that nobody runs is reported, and dropped only where that is set', async () => {
    await using session = await open(await pgqDatabase(which));
    await eagerQueue(session, 'q', 'gone');
    await eagerQueue(session, 'quiet', 'waiting');
    await session.query(`select pgq.register_consumer('q', 'runs')`);
    await write(session, 'one');
    await session.query(`select pgq.ticker('q')`);
    await drain(session, 'q', 'runs');
    await write(session, 'two');
    await session.query(`select pgq.ticker('q')`);
    await age(session);
    await session.query(`update pgq.subscription set sub_active = now() where sub_consumer = 3`);
    const report = `select queue_name, consumer_name, waiting > '9 days' as long, pending_events, drop_after from pgq.get_stale_consumers('2 days')`;
    const gone = { queue_name: 'q', consumer_name: 'gone', long: true, pending_events: 2, drop_after: null };
    expect(await session.query(report), 'one whose queue has no ticks is not stale').toEqual([gone]);
    await maintainOnce(session);
    expect(await session.query(report), 'never is the default').toEqual([gone]);

    await setQueueConfig(session, 'q', 'consumer_drop_after', '20 days');
    await setQueueConfig(session, 'quiet', 'consumer_drop_after', '1 day');
    await maintainOnce(session);
    expect(await value(session, 'select count(*) from pgq.subscription')).toBe(3);
    await setQueueConfig(session, 'q', 'consumer_drop_after', '5 days');
    expect(await value(session, 'select pgq.maint_stale_consumers()')).toBe(1);
    expect(await session.query('select consumer_name from pgq.get_consumer_info() order by 1')).toEqual([
      { consumer_name: 'runs' },
      { consumer_name: 'waiting' },
    ]);
    await setQueueConfig(session, 'q', 'consumer_drop_after', 'never');
    await session.query(`update pgq.subscription set sub_active = now() - interval '10 days'`);
    await maintainOnce(session);
    expect(await value(session, 'select count(*) from pgq.subscription')).toBe(2);
  });
});

/** Ten days go by. */
async function age(session: Session): Promise<void> {
  await session.query(`update pgq.tick set tick_time = tick_time - interval '10 days'`);
  await session.query(`update pgq.subscription set sub_active = sub_active - interval '10 days'`);
}
