/** pgq_ext and pgq_coop as clients of PgQ know them: results, errors, rights. */
import { beforeEach, describe, expect, it } from 'vitest';
import { installCompanions, uninstallCompanions } from '../../../src/install/companions.js';
import { installSchema } from '../../../src/install/install.js';
import type { ConnectSettings, Session } from '../../../src/db/session.js';
import { catalogue } from '../../install/catalogue.js';
import { createDatabase, open } from '../../support/databases.js';
import { eagerQueue, openHearing, pgqDatabase, value, write } from './pgq-database.js';

describe.each(['oldest', 'newest'] as const)('the schemas beside pgq on %s', (which) => {
  let settings: ConnectSettings;
  let session: Session;
  let warnings: readonly string[];

  beforeEach(async () => {
    settings = await pgqDatabase(which);
    ({ session, warnings } = await openHearing(settings));
    await installCompanions(session);
    return () => session.end();
  });

  const call = (text: string, on = session): Promise<unknown> => value(on, `select ${text}`);
  const tick = async (data: string): Promise<void> => {
    await write(session, data);
    await call(`pgq.ticker('q')`);
  };
  const eventsOf = (batch: unknown): Promise<unknown> =>
    call(`(select string_agg(ev_data, ',' order by ev_id) from pgq.get_batch_events(${String(batch)}))`);

  it('are installed once, and taken away alone', async () => {
    expect(await installCompanions(session)).toEqual({ pgq_coop: 'present', pgq_ext: 'present' });
    await session.query(`update pgq_ext.installation set code_digest = 'other'`);
    await call(`pgq_ext.set_last_tick('c', 5)`);
    const before = await catalogue(session, 'pgq_ext');
    expect(await installCompanions(session)).toEqual({ pgq_coop: 'present', pgq_ext: 'upgraded' });
    expect(await catalogue(session, 'pgq_ext')).toEqual(before);
    expect(await call(`pgq_ext.get_last_tick('c')`)).toBe(5);

    const pgq = await catalogue(session, 'pgq');
    expect(await uninstallCompanions(session)).toEqual(['pgq_coop', 'pgq_ext']);
    expect(await uninstallCompanions(session)).toEqual([]);
    expect(await catalogue(session, 'pgq')).toEqual(pgq);
    expect(await session.query(`select nspname from pg_namespace where nspname like 'pgq\\__%'`)).toEqual([]);
  });

  it('are not installed over those of another program, by an older one, or without what they need', async () => {
    await using other = await open(await createDatabase(which));
    await expect(installSchema(other, 'pgq_coop')).rejects.toThrow(
      'schema pgq_coop needs schema pgq, which is not installed',
    );
    expect(await installSchema(other, 'pgq_ext')).toBe('installed');
    await other.query(`update pgq_ext.installation set oldest_code = 9, code_digest = null`);
    await expect(installSchema(other, 'pgq_ext')).rejects.toMatchObject({ kind: 'outdated' });
    await uninstallCompanions(other);
    await other.query('create schema pgq_ext');
    await expect(installSchema(other, 'pgq_ext')).rejects.toThrow('was made by another program');
    expect(await uninstallCompanions(other)).toEqual([]);
    expect(await other.query(`select nspname from pg_namespace where nspname = 'pgq_ext'`)).toHaveLength(1);
  });

  it('say which versions they are', async () => {
    expect(await call('pgq_ext.version()')).toMatch(/^3\.3/);
    expect(await call('pgq_coop.version()')).toMatch(/^3\.4/);
    expect(await call('pgq_ext.upgrade_schema()')).toBe(0);
  });

  it('pgq_ext knows batches, events and ticks of each consumer and subconsumer', async () => {
    expect(await call(`pgq_ext.is_batch_done('c', 1)`)).toBe(false);
    expect(await call(`pgq_ext.set_batch_done('c', 1)`)).toBe(true);
    expect(await call(`pgq_ext.set_batch_done('c', 1)`)).toBe(false);
    expect(await call(`pgq_ext.is_batch_done('c', 1)`)).toBe(true);
    expect(await call(`pgq_ext.is_batch_done('c', '', 1)`)).toBe(true);
    expect(await call(`pgq_ext.is_batch_done('c', 's', 1)`)).toBe(false);
    expect(await call(`pgq_ext.set_batch_done('c', 's', 1)`)).toBe(true);
    expect(await call(`pgq_ext.set_batch_done('c', 2)`)).toBe(true);
    expect(await call(`pgq_ext.is_batch_done('c', 1)`)).toBe(false);
    expect(await call(`pgq_ext.is_batch_done('c', 's', 1)`)).toBe(true);

    expect(await call(`pgq_ext.is_event_done('c', 1, 10)`)).toBe(false);
    expect(await call(`pgq_ext.set_event_done('c', 1, 10)`)).toBe(true);
    expect(await call(`pgq_ext.set_event_done('c', 1, 10)`)).toBe(false);
    expect(await call(`pgq_ext.set_event_done('c', 1, 11)`)).toBe(true);
    expect(await call(`pgq_ext.is_event_done('c', '', 1, 10)`)).toBe(true);
    expect(await call(`pgq_ext.set_event_done('c', 's', 1, 10)`)).toBe(true);
    expect(await call(`pgq_ext.set_event_done('c', 2, 12)`)).toBe(true);
    expect(await call(`pgq_ext.is_event_done('c', 1, 10)`)).toBe(false);
    expect(await call(`pgq_ext.is_event_done('c', 's', 1, 10)`)).toBe(true);
    expect(await call(`(select count(*) from pgq_ext.completed_event where subconsumer_id = '')`)).toBe(1);

    expect(await call(`pgq_ext.get_last_tick('c')`)).toBeNull();
    expect(await call(`pgq_ext.set_last_tick('c', 7)`)).toBe(1);
    expect(await call(`pgq_ext.set_last_tick('c', 's', 8)`)).toBe(1);
    expect(await call(`pgq_ext.set_last_tick('c', 9)`)).toBe(1);
    expect(await call(`array[pgq_ext.get_last_tick('c', ''), pgq_ext.get_last_tick('c', 's')]::text`)).toBe(
      '{9,8}',
    );
    expect(await call(`pgq_ext.set_last_tick('c', null)`)).toBe(1);
    expect(await call(`pgq_ext.get_last_tick('c')`)).toBeNull();
    for (const missing of [
      `set_batch_done(null, 1)`,
      `set_event_done('c', null, 1)`,
      `set_last_tick(null, 1)`,
    ])
      await expect(call(`pgq_ext.${missing}`), missing).rejects.toMatchObject({ sqlstate: '23502' });
  });

  it('pgq_ext lets one of two sessions that do the same batch at once do it', async () => {
    await using other = await open(settings);
    await session.query('begin');
    expect(await call(`pgq_ext.set_batch_done('c', 1)`)).toBe(true);
    const waiting = call(`pgq_ext.set_batch_done('c', 1)`, other);
    await session.query('commit');
    expect(await waiting).toBe(false);
  });

  it('pgq_coop hands the batches of a consumer out to its workers', async () => {
    await eagerQueue(session);
    expect(await call(`pgq_coop.register_subconsumer('q', 'c', 'a')`)).toBe(1);
    expect(await call(`pgq_coop.register_subconsumer('q', 'c', 'a')`)).toBe(0);
    expect(await call(`pgq_coop.register_subconsumer('q', 'new', 'a')`)).toBe(1);
    expect(await call(`pgq.register_consumer('q', 'new')`)).toBe(0);
    await tick('one');
    await tick('two');
    const one = await call(`pgq_coop.next_batch('q', 'c', 'a')`);
    expect(await call(`pgq_coop.next_batch('q', 'c', 'a')`)).toBe(one);
    expect(
      await session.one(`select * from pgq_coop.next_batch_custom('q', 'c', 'a', null, null, null)`),
    ).toEqual(
      await session.one(`select batch_id, cur_tick_id, prev_tick_id, cur_tick_time, prev_tick_time, cur_tick_event_seq, prev_tick_event_seq
          from (select ${String(one)} as batch_id, i.tick_id as cur_tick_id, i.prev_tick_id, i.batch_end as cur_tick_time, i.batch_start as prev_tick_time,
          i.seq_end as cur_tick_event_seq, i.seq_start as prev_tick_event_seq from pgq.get_batch_info(${String(one)}) i) b`),
    );
    // A worker registers by itself.
    const two = await call(`pgq_coop.next_batch('q', 'c', 'b')`);
    expect([await eventsOf(one), await eventsOf(two)]).toEqual(['one', 'two']);
    expect(await call(`pgq_coop.next_batch('q', 'c', 'x', '1 hour')`)).toBeNull();
    expect(await call(`pgq_coop.finish_batch(${String(two)})`)).toBe(1);
    expect(await call(`pgq_coop.finish_batch(${String(two)})`)).toBe(0);
    expect(warnings).toEqual([`coop_finish_batch: batch ${String(two)} not found`]);
    expect(await call(`pgq_coop.finish_batch(${String(one)})`)).toBe(1);

    // The wishes of next_batch_custom are heeded.
    await tick('three');
    expect(
      await call(
        `(select batch_id from pgq_coop.next_batch_custom('q', 'c', 'a', '1 hour', null, null, null))`,
      ),
    ).toBeNull();
    expect(
      await call(`(select batch_id from pgq_coop.next_batch_custom('q', 'c', 'a', null, 1, null, null))`),
    ).not.toBeNull();
  });

  it('pgq_coop says what cannot be', async () => {
    await session.query(`select pgq.create_queue('q')`);
    await expect(call(`pgq_coop.register_subconsumer('nope', 'c', 'a')`)).rejects.toThrow(
      'Event queue not created yet',
    );
    await expect(call(`pgq_coop.next_batch('q', 'c', 'a')`)).rejects.toThrow(
      'main consumer not registered? q.c',
    );
    await eagerQueue(session);
    await call(`pgq_coop.register_subconsumer('q', 'c', 'a')`);
    await tick('one');
    const plain = await call(`pgq.next_batch('q', 'c')`);
    await expect(call(`pgq_coop.next_batch('q', 'c', 'a')`)).rejects.toThrow('main consumer has batch open?');
    expect(await call(`pgq.finish_batch(${String(plain)})`)).toBe(1);
    expect(await call(`pgq_coop.next_batch('q', 'c', 'a')`)).toBeNull();
  });

  it('pgq_coop takes workers away, with their open batches only when told so', async () => {
    await eagerQueue(session);
    expect(await call(`pgq_coop.unregister_subconsumer('q', 'c', 'a', 0)`)).toBe(0);
    await call(`pgq_coop.register_subconsumer('q', 'c', 'a')`);
    expect(await call(`pgq_coop.unregister_subconsumer('q', 'c', 'a', 0)`)).toBe(1);
    expect(await call(`(select count(*) from pgq.consumer where co_name = 'c.a')`)).toBe(0);

    await tick('one');
    await call(`pgq_coop.next_batch('q', 'c', 'a')`);
    await expect(call(`pgq_coop.unregister_subconsumer('q', 'c', 'a', 0)`)).rejects.toThrow(
      'subconsumer has active batch',
    );
    expect(await call(`pgq_coop.unregister_subconsumer('q', 'c', 'a', 1)`)).toBe(1);
    await tick('two');
    const next = await call(`pgq_coop.next_batch('q', 'c', 'b')`);
    expect(await eventsOf(next)).toBe('two');
    // The consumer takes its workers along.
    expect(await call(`pgq.unregister_consumer('q', 'c')`)).toBe(2);
    expect(await call(`(select count(*) from pgq.subscription)`)).toBe(0);
  });

  it('a consumer takes along a worker whose name was known before its own', async () => {
    for (const queue of ['q', 'r']) await call(`pgq.create_queue('${queue}')`);
    await call(`pgq.register_consumer('r', 'd.w')`);
    await call(`pgq_coop.register_subconsumer('q', 'd', 'w')`);
    expect(await call(`pgq.unregister_consumer('q', 'd')`)).toBe(2);
    await call(`pgq_coop.register_subconsumer('q', 'd', 'w')`);
    expect(await call(`pgq.unregister_consumer('q', 'd.w')`)).toBe(1);
    expect(await call(`pgq.unregister_consumer('q', 'd')`)).toBe(1);
    expect(await call(`(select string_agg(consumer_name, ' ') from pgq.get_consumer_info())`)).toBe('d.w');
  });

  it('pgq_coop gives the batch of a silent worker to another, and rotation waits for it', async () => {
    await eagerQueue(session);
    await tick('one');
    const batch = await call(`pgq_coop.next_batch('q', 'c', 'dead')`);
    expect(await call(`(select min(sub_last_tick) from pgq.subscription)`)).toBe(1);
    expect(await call(`pgq_coop.next_batch('q', 'c', 'b')`)).toBeNull();
    expect(await call(`pgq_coop.next_batch('q', 'c', 'b', '1 hour')`)).toBeNull();
    await session.query(
      `update pgq.subscription set sub_active = now() - interval '2 hours' where sub_batch is not null`,
    );
    // Asking again for the batch that it has is a sign of life.
    expect(await call(`pgq_coop.next_batch('q', 'c', 'dead')`)).toBe(batch);
    expect(await call(`pgq_coop.next_batch('q', 'c', 'b', '1 hour')`)).toBeNull();
    await session.query(
      `update pgq.subscription set sub_active = now() - interval '2 hours' where sub_batch is not null`,
    );
    expect(await call(`pgq_coop.next_batch('q', 'c', 'b', '1 hour')`)).toBe(batch);
    expect(await eventsOf(batch)).toBe('one');
    expect(await call(`(select count(*) from pgq.consumer where co_name = 'c.dead')`)).toBe(0);
    expect(await call(`pgq_coop.next_batch('q', 'c', 'dead', '1 hour')`)).toBeNull();
    expect(await call(`pgq_coop.finish_batch(${String(batch)})`)).toBe(1);
    expect(await call(`pgq_coop.finish_batch(${String(batch)})`)).toBe(0);
  });
});
