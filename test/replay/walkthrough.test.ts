import { describe, expect, test } from 'vitest';
import { addProviderSequences, addProviderTables } from '../../src/setup/provider.js';
import { addSubscriberSequences } from '../../src/setup/subscriber-sequences.js';
import { resyncTables } from '../../src/setup/resync.js';
import { addSubscriberTables, listTables } from '../../src/setup/subscriber-tables.js';
import { createPair, Daemons, fingerprint, type Pair } from '../support/pair.js';
import { eventually, tickerRuns } from '../support/eventually.js';

async function bothTables(pair: Pair, ddl: string): Promise<void> {
  await pair.provider.execute(ddl);
  await pair.subscriber.execute(ddl);
}

/** Both sides' fingerprints become the same, and that of the provider at the end. */
async function equal(pair: Pair, table = 'entry', within = 20_000): Promise<void> {
  const there = await fingerprint(pair.provider, table);
  await eventually(() => fingerprint(pair.subscriber, table), there, within);
}

describe.each([
  ['oldest', 'newest'],
  ['newest', 'oldest'],
] as const)('from %s to %s', (from, to) => {
  test('rows that were there, changes, sequences, and every kind of statement', async () => {
    const pair = await createPair(from, to);
    const { provider, ends, name } = pair;
    await bothTables(pair, 'create table entry (id serial primary key, item text)');
    await provider.execute(`insert into entry (item) select 'old ' || n from generate_series(1, 1000) n`);
    const ticker = Daemons.ticker(pair);
    const replay = Daemons.replay(pair);
    await addProviderTables(provider, name.queue, ['entry']);
    await addProviderSequences(provider, name.queue, ['entry_id_seq']);
    await tickerRuns(provider);
    await addSubscriberTables(ends, ['entry']);
    await addSubscriberSequences(ends, ['entry_id_seq']);
    await eventually(async () => (await listTables(pair.subscriber, name)).map(({ state }) => state), ['ok']);
    await equal(pair);

    await provider.execute(`insert into entry (item) values ('one'), ('two'), (null), ('')`);
    await provider.execute(`update entry set item = item || '!' where id % 7 = 0`);
    await provider.execute('delete from entry where id % 11 = 0');
    await equal(pair);
    await provider.execute('update entry set id = id + 1000000');
    await provider.execute('update entry set id = -id');
    await equal(pair);
    await provider.execute(
      `begin; insert into entry values (1, 'kept'); savepoint s; insert into entry values (2, 'lost'); rollback to s; commit`,
    );
    await provider.execute(
      `insert into entry values (1, 'again'), (3, 'new') on conflict (id) do update set item = excluded.item`,
    );
    await equal(pair);
    await provider.execute(`begin; truncate entry; insert into entry values (7, 'after'); commit`);
    await equal(pair);

    await resyncTables(ends, ['entry']);
    await provider.execute(`insert into entry (item) select 'during ' || n from generate_series(1, 500) n`);
    await eventually(async () => (await listTables(pair.subscriber, name)).map(({ state }) => state), ['ok']);
    await equal(pair);

    const next = `select last_value, is_called from entry_id_seq`;
    await eventually(() => pair.subscriber.one(next), await provider.one(next));
    await expect(replay.stop()).resolves.toBeUndefined();
    await expect(ticker.stop()).resolves.toBeUndefined();
  });
});
