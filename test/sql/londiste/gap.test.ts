/** I8: what a table outside of the stream needs is there, or it is copied anew. */
import { expect, test } from 'vitest';
import { eventRangeSql } from '../../../src/londiste/provider.js';
import { createPair } from '../../support/pair.js';
test('events that rotation has taken are refused, not left out in silence', async () => {
  const pair = await createPair('oldest', 'newest');
  const tick = async (): Promise<{ id: number; snap: string }> => {
    await pair.provider.execute(`create table if not exists x(i int)`);
    await pair.provider.execute(`select pgq.insert_event('q', 'a', 'b')`);
    await pair.provider.execute(`select pgq.force_tick('q')`);
    await pair.provider.execute(`select pgq.ticker('q')`);
    return await pair.provider.one(
      'select tick_id as id, tick_snapshot::text as snap from pgq.tick order by tick_id desc limit 1',
    );
  };
  const a = await tick();
  const b = await tick();
  await eventRangeSql(pair.provider, { queue: 'q', from: a.snap, to: b.id });
  await pair.provider.execute(`select pgq.set_queue_config('q', 'rotation_period', '0')`);
  for (let n = 0; n < 8; n += 1) {
    await pair.provider.execute(`select pgq.maint_rotate_tables_step1('q')`);
    await pair.provider.execute('select pgq.maint_rotate_tables_step2()');
    await tick();
  }
  const last = await tick();
  const left = (
    await pair.provider.query<{ n: number }>('select count(*)::int as n from pgq.tick where tick_id = $1', [
      a.id,
    ])
  )[0]?.n;
  expect(left).toBe(0);
  await expect(eventRangeSql(pair.provider, { queue: 'q', from: a.snap, to: last.id })).rejects.toMatchObject(
    { sqlstate: 'LD002' },
  );
});
