/** One queue, row, worker or lock that is in the way does not keep the others from anything. */
import { beforeEach, describe, expect, it } from 'vitest';
import type { ConnectSettings, Session } from '../../../src/db/session.js';
import { installCompanions } from '../../../src/install/companions.js';
import { maintainOnce } from '../../../src/ticker/maintainer.js';
import { open } from '../../support/databases.js';
import { deliver, drain, eagerQueue, openHearing, pgqDatabase, value, write } from './pgq-database.js';

describe.each(['oldest', 'newest'] as const)('on %s', (which) => {
  let settings: ConnectSettings;
  let session: Session;
  let warnings: readonly string[];

  beforeEach(async () => {
    settings = await pgqDatabase(which);
    ({ session, warnings } = await openHearing(settings));
    await eagerQueue(session);
    return () => session.end();
  });

  it('events come back past the limit of one transaction, which is for the application', async () => {
    for (let n = 1; n <= 6; n += 1) await write(session, `e${n}`);
    await session.query(`select pgq.ticker('q')`);
    const batch = await value<number>(session, `select pgq.next_batch('q', 'c')`);
    await session.query('select pgq.batch_retry($1, 0), pgq.finish_batch($1)', [batch]);
    await session.query('update pgq.queue set queue_per_tx_limit = 2');
    expect(await maintainOnce(session)).toMatchObject({ retried: 6, failures: [] });
    expect((await deliver(session)).sort()).toEqual(['e1', 'e2', 'e3', 'e4', 'e5', 'e6']);
  });

  it('an event that cannot be written again waits, and the others come back', async () => {
    await eagerQueue(session, 'r', 'c');
    for (const queue of ['q', 'r']) {
      await write(session, queue, queue);
      await session.query('select pgq.ticker($1)', [queue]);
      const batch = await value<number>(session, `select pgq.next_batch($1, 'c')`, [queue]);
      await session.query('select pgq.batch_retry($1, 0), pgq.finish_batch($1)', [batch]);
    }
    await session.query('alter table pgq.event_1_0 add constraint broken check (ev_retry is null)');
    expect(await maintainOnce(session)).toMatchObject({ failures: [] });
    expect(warnings).toEqual([expect.stringMatching(/^event 1 of queue q cannot be sent again: .*broken/)]);
    expect(await deliver(session, 'r')).toEqual(['r']);
    await session.query('alter table pgq.event_1_0 drop constraint broken');
    await session.query('select pgq.retry_now(null, null, null)');
    await maintainOnce(session);
    expect(await deliver(session)).toEqual(['q']);
  });

  it('a locked consumer keeps no queue from its tick', async () => {
    await using other = await open(settings);
    await other.query('begin');
    await other.query('select txid_current()');
    for (let n = 0; n < 800; n += 1)
      await session.query('update pgq.subscription set sub_active = sub_active');
    expect(await value(session, `select pg_relation_size('pgq.subscription') > 16384`)).toBe(true);
    await other.query(`select from pgq.consumer where co_name = 'c' for update`);
    await write(session, 'e');
    const began = performance.now();
    expect(await value(session, 'select pgq.ticker()')).toBe(1);
    expect(performance.now() - began).toBeLessThan(1_500);
    await other.query('commit');
    await write(session, 'f');
    await session.query('select pgq.ticker()');
    expect(await value(session, `select pg_relation_size('pgq.subscription')`)).toBe(8192);
    expect((await drain(session)).map(({ data }) => data)).toEqual(['e', 'f']);
  });

  it('a worker that left its batch open is named, though others of its consumer go on', async () => {
    await installCompanions(session);
    for (const worker of ['dead', 'live'])
      await session.query(`select pgq_coop.register_subconsumer('q', 'm', $1)`, [worker]);
    await write(session, 'e');
    await session.query('select pgq.ticker()');
    await session.query(`select pgq_coop.next_batch('q', 'm', 'dead')`);
    await session.query(
      `update pgq.subscription s set sub_active = now() - interval '30 days' from pgq.consumer c where c.co_id = s.sub_consumer and co_name = 'm.dead'`,
    );
    await session.query(`update pgq.tick set tick_time = now() - interval '31 days'`);
    const stale = `select coalesce(string_agg(consumer_name, ' ' order by 1), '') from pgq.get_stale_consumers() where consumer_name ~ '^m'`;
    expect(await value(session, stale)).toBe('m.dead');
    await session.query(`select pgq.set_queue_config('q', 'consumer_drop_after', '1 day')`);
    await session.query('select pgq.maint_stale_consumers()');
    expect(await value(session, stale)).toBe('');
    expect(
      await value(
        session,
        `select string_agg(consumer_name, ' ' order by 1) from pgq.get_consumer_info('q') where consumer_name ~ '^m'`,
      ),
    ).toBe('m m.live');
  });

  it('dead letters are the consumer’s, also where the name of its worker was known before its own', async () => {
    await installCompanions(session);
    await session.query(`select pgq.create_queue('r'), pgq.register_consumer('r', 'd.w')`);
    await session.query(`select pgq_coop.register_subconsumer('q', 'd', 'w')`);
    await write(session, 'e');
    await session.query(`select pgq.ticker('q')`);
    const batch = await value<number>(session, `select pgq_coop.next_batch('q', 'd', 'w')`);
    const event = await value<number>(session, 'select ev_id from pgq.get_batch_events($1)', [batch]);
    await session.query(`select pgq.event_dead($1, $2, 'no use')`, [batch, event]);
    await session.query('select pgq_coop.finish_batch($1)', [batch]);
    expect(await value(session, 'select dl_consumer from pgq.dead_letter')).toBe('d');
    await session.query(`select pgq.unregister_consumer('q', 'd.w')`);
    expect(await value(session, 'select pgq.dead_retry(dl_id) from pgq.dead_letter')).toBe(event);
  });

  it('a table whose only value is an empty text', async () => {
    await session.query('create table one (t text primary key)');
    for (const name of ['logutriga', 'jsontriga', 'sqltriga'])
      await session.query(
        `create trigger ${name} after insert or update or delete on one for each row execute procedure pgq.${name}('q')`,
      );
    await session.query(`insert into one values (''); delete from one`);
    expect((await deliver(session)).sort()).toEqual(
      ["(t) values ('')", "t=''", 't=', 't=', '{"t":""}', '{"t":""}'].sort(),
    );
  });
});
