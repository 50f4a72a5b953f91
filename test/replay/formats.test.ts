/** What is on disk from the first version on: every row of the format, written by the real thing and read back. */
import { beforeAll, describe, expect, test } from 'vitest';
import { pinSettings } from '../../src/db/settings.js';
import { addProviderTables } from '../../src/setup/provider.js';
import { addSubscriberTables, listTables } from '../../src/setup/subscriber-tables.js';
import { getNode } from '../../src/londiste/provider.js';
import { readPosition } from '../../src/londiste/position.js';
import { getTick } from '../../src/pgq/tick.js';
import { eventually, tickerRuns } from '../support/eventually.js';
import { createPair, Daemons, fingerprint, type Pair } from '../support/pair.js';

describe.each([
  ['oldest', 'newest'],
  ['newest', 'oldest'],
] as const)('from %s to %s', (from, to) => {
  let pair: Pair;

  beforeAll(async () => {
    pair = await createPair(from, to);
    const { provider, subscriber, ends, name } = pair;
    for (const session of [provider, subscriber]) {
      await pinSettings(session, { search_path: 'public' });
      await session.execute('create table entry (id int primary key, item text unique)');
    }
    await provider.execute(`insert into entry select n, n from generate_series(1, 10) n`);
    Daemons.ticker(pair);
    const replay = Daemons.replay(pair);
    await addProviderTables(provider, name.queue, ['entry']);
    await tickerRuns(provider);
    await addSubscriberTables(ends, ['entry']);
    await eventually(async () => (await listTables(subscriber, name)).map(({ state }) => state), ['ok']);
    await provider.execute(`insert into entry values (11, 'in'); update entry set item = 'up' where id = 1; update entry set id = 100 where id = 2;
      delete from entry where id = 3`);
    await provider.execute('truncate entry');
    await provider.execute(`insert into entry values (1, 'end')`);
    await eventually(() => fingerprint(subscriber, 'entry'), await fingerprint(provider, 'entry'));
    await replay.stop();
  }, 60_000);

  test('position: the whole tick, its epoch, the fence, the provider, when', async () => {
    const { provider, subscriber, name } = pair;
    const position = await readPosition(subscriber, name);
    expect(position?.providerNode).toBe((await getNode(provider)).id);
    expect(position?.fence).toBeGreaterThan(0);
    const tick = await getTick(provider, name.queue, position?.tick?.tickId ?? 0);
    expect(position?.tick).toEqual(tick);
    const row = await subscriber.one<{ applied: boolean }>(
      `select applied_at > now() - interval '1 minute' as applied from londiste.position`,
    );
    expect(row.applied).toBe(true);
  });

  test('table state: state, copy snapshots, file, layout; ranges and definitions in tables of their own', async () => {
    const { provider, subscriber } = pair;
    const state = await subscriber.one(
      `select state, position_snapshot, position_tick, snapshot_min = snapshot_max as one_snapshot, filenode, layout_id,
      attempts, error, error_sqlstate from londiste.table_state`.replace(
        'snapshot_min = snapshot_max',
        'snapshot_min::text = snapshot_max::text',
      ),
    );
    const { filenode } = await provider.one<{ filenode: number }>(
      `select filenode::bigint from (select pg_relation_filenode('entry')::bigint as filenode) f`,
    );
    const { layout_id } = await provider.one<{ layout_id: string }>(
      'select layout_id from londiste.provider_table',
    );
    expect(state).toMatchObject({
      state: 'ok',
      position_snapshot: null,
      position_tick: null,
      one_snapshot: true,
      layout_id,
      attempts: 0,
      error: null,
      error_sqlstate: null,
    });
    expect(typeof filenode).toBe('number');
    expect(
      await subscriber.query(
        'select nr, lower_bound, upper_bound, state, snapshot is not null as read, copied_rows from londiste.copy_range',
      ),
    ).toEqual([{ nr: 1, lower_bound: null, upper_bound: null, state: 'done', read: true, copied_rows: 10 }]);
    const definitions = await subscriber.query<{ kind: string; name: string }>(
      `select kind, name from londiste.stored_definition where not is_dropped and definition <> '' and index_name is not null order by 1, 2`,
    );
    expect(definitions).toEqual([
      { kind: 'constraint', name: 'entry_item_key' },
      { kind: 'constraint', name: 'entry_pkey' },
    ]);
  });

  test('nodes: an id each, made at install; the subscription names the subscriber', async () => {
    const { provider, subscriber } = pair;
    const [there, here] = [await getNode(provider), await getNode(subscriber)];
    expect(there.id).not.toBe(here.id);
    expect(
      await provider.query(
        'select queue_name, consumer_name, node_id, hold_consumer, fence > 0 as fenced from londiste.subscription',
      ),
    ).toEqual([{ queue_name: 'q', consumer_name: 'c', node_id: here.id, hold_consumer: null, fenced: true }]);
  });

  test('epoch: server and time line of the ticks', async () => {
    const { provider } = pair;
    const rows = await provider.query(
      `select epoch, first_tick_id, system_identifier::text = (select system_identifier::text from pg_control_system()) as ours, timeline from pgq.epoch`,
    );
    expect(rows).toEqual([{ epoch: 1, first_tick_id: 1, ours: true, timeline: 1 }]);
  });

  test('layout: columns, types and key behind every event', async () => {
    const rows = await pair.provider.query(
      `select l.columns, l.types, l.key from londiste.layout l join londiste.provider_table t using (layout_id)`,
    );
    expect(rows).toEqual([{ columns: ['id', 'item'], types: ['integer', 'text'], key: ['id'] }]);
  });

  test('events: kinds of our own with table, layout and flags, no source but their own transaction', async () => {
    const events = await pair.provider.query<{ ev_type: string; ev_data: string; ev_extra3: string }>(
      `select ev_type, ev_data, ev_extra3 from pgq.event_1 where ev_extra1 = 'public.entry' and ev_extra4 is null
          and (ev_extra2 = (select layout_id from londiste.provider_table) or ev_type = 'truncate') order by ev_id`,
    );
    expect(events).toEqual([
      { ev_type: 'row:I', ev_data: '(11,in)', ev_extra3: null },
      { ev_type: 'row:U', ev_data: '(1,up)', ev_extra3: null },
      { ev_type: 'gone', ev_data: '(2)', ev_extra3: 'old-key' },
      { ev_type: 'row:U', ev_data: '(100,2)', ev_extra3: null },
      { ev_type: 'gone', ev_data: '(3)', ev_extra3: null },
      { ev_type: 'truncate', ev_data: null, ev_extra3: null },
      { ev_type: 'row:I', ev_data: '(1,end)', ev_extra3: null },
    ]);
  });

  test('ticks: exactly the columns of PgQ', async () => {
    const columns = await pair.provider.query<{ attname: string; type: string }>(
      `select attname, format_type(atttypid, atttypmod) as type from pg_attribute where attrelid = 'pgq.tick'::regclass and attnum > 0 order by attnum`,
    );
    expect(columns.map(({ attname, type }) => `${attname} ${type}`)).toEqual([
      'tick_queue integer',
      'tick_id bigint',
      'tick_time timestamp with time zone',
      'tick_snapshot txid_snapshot',
      'tick_event_seq bigint',
    ]);
  });
});
