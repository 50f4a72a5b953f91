/** What replay knows of its tables is brought up to date by what has moved, and is the same as if it were all read anew. */
import { expect, test } from 'vitest';
import { TableList } from '../../src/replay/table-list.js';
import { createPair } from '../support/pair.js';

test('tables that stream are kept, all others are looked at again', async () => {
  const { subscriber, name } = await createPair('newest', 'newest');
  const add = (table: string, state: string, dest?: string): Promise<unknown> =>
    subscriber.query(
      `insert into londiste.table_state (queue_name, consumer_name, table_name, state, dest_table) values ($1, $2, $3, $4, $5)`,
      [name.queue, name.consumer, table, state, dest ?? null],
    );
  const set = (table: string, state: string): Promise<unknown> =>
    subscriber.query('update londiste.table_state set state = $2 where table_name = $1', [table, state]);
  let version = 0;
  const read = (before?: TableList): Promise<TableList> =>
    TableList.read(subscriber, name, { version: (version += 1), before });

  await add('public.a', 'ok');
  await add('public.b', 'ready');
  await add('public.c', 'copying');
  await add('public.d', 'ok');
  const first = await read();
  expect(first.streaming).toEqual(['public.a', 'public.d']);
  expect(first.ready.map((table) => table.name)).toEqual(['public.b']);
  expect(first.get('public.c')).toBeUndefined();
  expect(first.isSettled).toBe(false);

  // One has come through, one was parked, one was taken off and added again with another destination.
  await set('public.b', 'ok');
  await set('public.d', 'parked');
  await subscriber.execute(`delete from londiste.table_state where table_name = 'public.a'`);
  await add('public.e', 'ok');
  await add('public.a', 'ok', 'public.other');
  const second = await read(first);
  expect(second.streaming).toEqual(['public.b', 'public.e', 'public.a']);
  expect(second.ready).toEqual([]);
  expect(second.destinationOf('public.a').table).toBe('public.other');
  expect(second.get('public.d')).toBeUndefined();
  expect(second.isSettled).toBe(false);

  await set('public.c', 'parked');
  const third = await read(second);
  expect(third.isSettled).toBe(true);
  expect(third.get('public.b')).toBe(second.get('public.b'));
  const anew = await read();
  expect(third.streaming.map((table) => third.get(table))).toEqual(
    anew.streaming.map((table) => anew.get(table)),
  );
});
