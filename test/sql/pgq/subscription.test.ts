/** Registrations beside an open transaction that has read them, so that nobody may empty their table: what batches cost. */
import { beforeEach, describe, expect, it } from 'vitest';
import { installCompanions } from '../../../src/install/companions.js';
import type { ConnectSettings, Session } from '../../../src/db/session.js';
import { open } from '../../support/databases.js';
import { deliver, eagerQueue, pgqDatabase, value, write } from './pgq-database.js';

const rounds = 1000;

/** What this session has read of the table and its indexes, in pages, and not reported yet. */
const pagesRead = `select sum(pg_stat_get_xact_blocks_fetched(c.oid))::int from pg_class c
  where c.oid = 'pgq.subscription'::regclass
     or c.oid in (select indexrelid from pg_index where indrelid = 'pgq.subscription'::regclass)`;

const ways = {
  'next_batch and finish_batch': [`pgq.finish_batch(pgq.next_batch('q', 'c'))`],
  'a worker of pgq_coop': [
    `pgq_coop.next_batch('q', 'c', 'w', '1 hour')`,
    `pgq_coop.finish_batch(currval('pgq.batch_id_seq'))`,
  ],
  advance_consumer: [`pgq.advance_consumer('q', 'c', (select max(tick_id) from pgq.tick))`],
};

describe.each(['oldest', 'newest'] as const)('subscriptions on %s', (which) => {
  let settings: ConnectSettings;
  let session: Session;

  beforeEach(async () => {
    settings = await pgqDatabase(which);
    session = await open(settings);
    await eagerQueue(session);
    return () => session.end();
  });

  it.each(Object.entries(ways))(
    'beside a transaction that has read them the last batch costs what the first one did: %s',
    { timeout: 180_000 },
    async (_, calls) => {
      await installCompanions(session);
      await session.execute(`
        create procedure public.rounds(n integer) language plpgsql as $$
        begin
          for i in 1..n loop
            perform pgq.insert_event('q', 't', 'd');
            commit;
            perform pgq.ticker();
            commit;
            ${calls.map((call) => `perform ${call}; commit;`).join('\n')}
          end loop;
        end $$`);
      /** Of each call in a round, pages. */
      const cost = async (): Promise<number[]> => {
        await write(session, 'measured');
        await session.query('select pgq.ticker()');
        const pages: number[] = [];
        for (const call of calls) {
          await session.query('begin');
          const before = await value<number>(session, pagesRead);
          await session.query(`select ${call}`);
          pages.push((await value<number>(session, pagesRead)) - before);
          await session.query('commit');
        }
        return pages;
      };
      await session.query('call public.rounds(20)');
      await using reader = await open(settings);
      await reader.query('begin isolation level repeatable read');
      await reader.query('select from pgq.subscription');
      const first = await cost();
      await session.query('call public.rounds($1)', [rounds]);
      const last = await cost();
      const bytes = `select pg_relation_size('pgq.subscription')`;
      const grown = await value<number>(session, bytes);
      console.log(`${which}: pages read first ${first.join(', ')}, last ${last.join(', ')}; ${grown} bytes`);
      expect(grown, 'the table was not emptied meanwhile').toBeGreaterThan(rounds * 64);
      last.forEach((pages, n) => expect(pages, calls[n]).toBeLessThanOrEqual((first[n] ?? 0) * 2));

      // The reader still sees what it saw; nobody else waits for it, and after it the table is small at the next tick.
      expect(await value(reader, 'select count(*) from pgq.subscription')).toBe(
        await value(session, 'select count(*) from pgq.current_subscription'),
      );
      await reader.query('commit');
      await session.query('call public.rounds(1)');
      expect(await value<number>(session, bytes)).toBeLessThanOrEqual(16384);
      const all = 'select array_agg(s order by sub_consumer)::text from';
      expect(await value(session, `${all} pgq.subscription s`)).toBe(
        await value(session, `${all} pgq.current_subscription s`),
      );
      expect(await value(session, 'select count(*) from pgq.registration')).toBe(
        await value(session, 'select count(*) from pgq.subscription'),
      );
    },
  );

  it('a consumer is registered once, whoever registers it and however', async () => {
    const again = `insert into pgq.subscription (sub_queue, sub_consumer, sub_last_tick, sub_active)
      select sub_queue, sub_consumer, sub_last_tick, sub_active - interval '1 day' from pgq.subscription`;
    await expect(session.query(again)).rejects.toThrow('registration_pkey');
    const register = `select pgq.register_consumer('q', 'two')`;
    await using other = await open(settings);
    await session.query('begin isolation level repeatable read');
    expect(await value(session, register)).toBe(1);
    const second = value(other, register);
    await session.query('commit');
    expect(await second, 'waits for the first').toBe(0);
    expect(await value(session, `select count(*) from pgq.subscription where sub_consumer > 1`)).toBe(1);

    expect(await value(session, `select pgq.unregister_consumer('q', 'two')`)).toBe(1);
    await session.query(`insert into pgq.consumer (co_id, co_name) values (77, 'moved')`);
    await session.query('update pgq.subscription set sub_consumer = 77');
    await write(session, 'one');
    expect(await deliver(session, 'q', 'moved'), 'under its new name').toEqual(['one']);
    await expect(deliver(session, 'q', 'c')).rejects.toThrow('Not subscriber to queue: q/c');
    await session.query('delete from pgq.subscription');
    expect(await value(session, `select pgq.register_consumer('q', 'moved')`)).toBe(1);
    await session.query('truncate pgq.subscription');
    expect(await value(session, `select pgq.register_consumer('q', 'moved')`)).toBe(1);
    expect(await value(session, `select pgq.drop_queue('q', true)`)).toBe(1);
    expect(await value(session, 'select count(*) from pgq.registration')).toBe(0);
  });
});
