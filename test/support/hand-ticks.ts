/** Pairs without a ticker: a test says where batches are cut, and knows what the provider held there. */
import { expect } from 'vitest';
import type { Session } from '../../src/db/session.js';
import { inTransaction } from '../../src/db/transaction.js';
import { tickAt } from '../../src/londiste/tick-at.js';
import { addProviderTables } from '../../src/setup/provider.js';
import { addSubscriberTables, listTables } from '../../src/setup/subscriber-tables.js';
import type { Pair } from './pair.js';

/** Puts tables into the set of a queue. */
export type AddTables = (session: Session, queue: string, tables: readonly string[]) => Promise<string[]>;

/** Takes a tick now; `provider` is in no transaction. */
export async function tickNow(provider: Session, queue: string): Promise<number> {
  for (;;) {
    const { s } = await provider.one<{ s: string }>('select pg_current_snapshot()::text as s');
    const tick = await tickAt(provider, queue, s);
    if (tick !== undefined) return tick;
  }
}

/**
 * Subscribes to tables while replay runs and takes the ticks that it takes until they are `ok`. `as` may be a session of
 * another role than the pair's own, `add` another way to put tables into the set. A pair that does this needs no ticker,
 * and no other one ticks for it.
 */
export async function subscribeByHand(
  pair: Pair,
  tables: readonly string[],
  as: Session = pair.subscriber,
  add: AddTables = addProviderTables,
): Promise<void> {
  await add(pair.provider, pair.name.queue, tables);
  await followByHand(pair, tables, as);
}

/** The same for tables that are in the provider's set already. */
export async function followByHand(
  { provider, subscriber, ends, name }: Pair,
  tables: readonly string[],
  as: Session = subscriber,
): Promise<void> {
  await provider.query('select pgq.announce_ticker()');
  const { added: registered } = await addSubscriberTables({ ...ends, subscriber: as }, tables);
  const states = async (): Promise<string[]> =>
    (await listTables(subscriber, name))
      .filter((table) => registered.includes(table.name))
      .map(({ state, error }) => error ?? state);
  const end = Date.now() + 60_000;
  let now = await states();
  while (now.some((state) => state !== 'ok') && Date.now() < end) {
    await tickNow(provider, name.queue);
    await new Promise((resolve) => setTimeout(resolve, 20));
    now = await states();
  }
  expect(now).toEqual(tables.map(() => 'ok'));
}

/** The tick that the subscriber stands at. */
export async function positionOf({ name }: Pick<Pair, 'name'>, session: Session): Promise<number> {
  const { tick } = await session.one<{ tick: number }>(
    'select coalesce(tick_id, 0) as tick from londiste.position where queue_name = $1 and consumer_name = $2',
    [name.queue, name.consumer],
  );
  return tick;
}

/** Waits until the subscriber has committed the batch that `tick` closes; fails with the errors of its tables. */
export async function reach(
  pair: Pick<Pair, 'name' | 'subscriber'>,
  tick: number,
  within = 20_000,
): Promise<void> {
  const end = Date.now() + within;
  while ((await positionOf(pair, pair.subscriber)) < tick) {
    if (Date.now() > end) {
      const tables = (await listTables(pair.subscriber, pair.name)).map(
        ({ name, state, error }) => `${name}: ${error ?? state}`,
      );
      throw new Error(`tick ${tick} was not reached within ${within} ms: ${tables.join('; ')}`);
    }
    await new Promise((resolve) => setTimeout(resolve, 3));
  }
}

/** One text that tells the rows of several tables, in the snapshot of the session's transaction. */
export async function digest(session: Session, tables: readonly string[]): Promise<string> {
  const parts = tables.map(
    (table) =>
      `select '${table}' as name, (select count(*) || ' ' || coalesce(md5(string_agg(r.t, e'\\n' order by r.t collate "C")), '')
         from (select (t.*)::text as t from ${table} t) as r) as sum`,
  );
  const { all } = await session.one<{ all: string }>(
    `select string_agg(name || ' ' || sum, ', ' order by name) as all from (${parts.join(' union all ')}) as d`,
  );
  return all;
}

/** Where a subscriber stands and what it holds there, read in one snapshot. */
export async function stateAt(
  pair: Pick<Pair, 'name'>,
  reader: Session,
  tables: readonly string[],
): Promise<{ tick: number; digest: string }> {
  return inTransaction(
    reader,
    async () => ({ tick: await positionOf(pair, reader), digest: await digest(reader, tables) }),
    { isolation: 'repeatable read', readOnly: true },
  );
}

/**
 * Reads the provider in a snapshot of `reader`'s and makes that a tick by way of `other`: what the subscriber must hold at
 * that tick. Undefined when a later tick came in between.
 */
export async function recordTick(
  queue: string,
  { reader, other }: { reader: Session; other: Session },
  tables: readonly string[],
): Promise<{ tick: number; digest: string } | undefined> {
  return inTransaction(
    reader,
    async () => {
      // Before the snapshot: one that is older than a TRUNCATE would read an empty table all the same.
      await reader.execute(`lock table ${tables.join(', ')} in access share mode`);
      const { s } = await reader.one<{ s: string }>('select pg_current_snapshot()::text as s');
      const there = await digest(reader, tables);
      const tick = await tickAt(other, queue, s);
      return tick === undefined ? undefined : { tick, digest: there };
    },
    { isolation: 'repeatable read', readOnly: true },
  );
}

/** That the tables of a pair all stream, none has an error, and nothing was warned of. */
export async function expectNoFaults(
  { subscriber, name }: Pick<Pair, 'subscriber' | 'name'>,
  { tables, notes }: { tables: number; notes: { readonly lines: readonly string[] } },
): Promise<void> {
  expect((await listTables(subscriber, name)).map(({ state, error }) => error ?? state)).toEqual(
    new Array(tables).fill('ok'),
  );
  expect(notes.lines.filter((line) => /^(warn|error)/.test(line))).toEqual([]);
}
