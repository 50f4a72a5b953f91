/** An operator asks for a new copy while several connections land ranges of the old one: one waits for the other, in one order. */
import { expect, test } from 'vitest';
import { subscriberResyncTable } from '../../../src/londiste/table-state.js';
import { open } from '../../support/databases.js';
import { eventually } from '../../support/eventually.js';
import { createPair } from '../../support/pair.js';

test('the resync waits for what is just landing, and refuses what comes later', async () => {
  const { subscriber, subscriberSettings, name } = await createPair('newest', 'newest');
  await subscriber.execute(`create table entry (id int primary key)`);
  const { fence } = await subscriber.one<{ fence: number }>('select fence from londiste.position');
  await subscriber.query(
    `insert into londiste.table_state (queue_name, consumer_name, table_name, state, snapshot_max) values ($1, $2, 'public.entry', 'copying', '5:5:')`,
    [name.queue, name.consumer],
  );
  await subscriber.query(
    `insert into londiste.copy_range (queue_name, consumer_name, table_name, nr, relation, lower_bound)
     select $1, $2, 'public.entry', nr, 'public.entry', nr from generate_series(1, 2) nr`,
    [name.queue, name.consumer],
  );
  await using first = await open(subscriberSettings);
  await using second = await open(subscriberSettings);
  await using operator = await open(subscriberSettings);
  const land = async (session: typeof first, nr: number): Promise<boolean> => {
    const { done } = await session.one<{ done: boolean }>(
      `select londiste.land_range($1, $2, 'public.entry', $3, $4, '5:5:', 1) as done`,
      [name.queue, name.consumer, fence, nr],
    );
    return done;
  };
  const waiting = async (): Promise<number> => {
    const { count } = await subscriber.one<{ count: number }>(
      `select count(*)::int as count from pg_stat_activity where datname = current_database() and wait_event_type = 'Lock'`,
    );
    return count;
  };
  await first.execute('begin');
  expect(await land(first, 2)).toBe(true);
  const asked = subscriberResyncTable(operator, name, 'public.entry');
  await eventually(waiting, 1);
  await second.execute('begin');
  expect(await land(second, 1)).toBe(true);
  await first.execute('commit');
  await second.execute('commit');
  expect(await asked).toBe(true);
  expect(await land(first, 1)).toBe(false);
  expect(await subscriber.query('select nr from londiste.copy_range')).toEqual([]);
  expect(await subscriber.query('select state from londiste.table_state')).toEqual([{ state: 'wanted' }]);
});
