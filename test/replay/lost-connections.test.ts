/** P5 from the network's side: any connection of ours may end at any moment, again and again, and nothing needs a human. */
import { expect, test } from 'vitest';
import { addProviderTables } from '../../src/setup/provider.js';
import { resyncTables } from '../../src/setup/resync.js';
import { addSubscriberTables, listTables } from '../../src/setup/subscriber-tables.js';
import { asSuperuser, open } from '../support/databases.js';
import { eventually, tickerRuns } from '../support/eventually.js';
import { createPair, Daemons, fingerprint, type Pair } from '../support/pair.js';

const stormMs = 15_000;

/** Ends one of our sessions on either side: of those that are there, one of the purpose that was hit least; counts it in `cuts`. */
async function cutOne(pair: Pair, n: number, cuts: Map<string, number>): Promise<void> {
  const settings = n % 2 === 0 ? pair.providerSettings : pair.subscriberSettings;
  const times = (purpose: string): number => cuts.get(purpose) ?? 0;
  await asSuperuser(settings.port, async (admin) => {
    const sessions = await admin.query<{ pid: number; purpose: string }>(
      `select pid, application_name as purpose from pg_stat_activity
        where datname = $1 and (application_name like 'londiste%' or application_name like 'pgqadm%')`,
      [settings.database],
    );
    const [chosen] = sessions.sort((a, b) => times(a.purpose) - times(b.purpose));
    if (chosen === undefined) return;
    await admin.query('select pg_terminate_backend($1)', [chosen.pid]);
    cuts.set(chosen.purpose, times(chosen.purpose) + 1);
  });
}

test('sessions are cut under load and during copies', { timeout: 120_000 }, async () => {
  const pair = await createPair('oldest', 'newest');
  const { provider, subscriber, ends, name } = pair;
  for (const session of [provider, subscriber]) {
    await session.execute(
      'create table entry (id serial primary key, item text); create table other (id int primary key, n int)',
    );
  }
  await provider.execute(`insert into entry (item) select repeat('x', 500) from generate_series(1, 20000)`);
  const ticker = Daemons.ticker(pair);
  const replay = Daemons.replay(pair);
  await addProviderTables(provider, name.queue, ['entry', 'other']);
  await tickerRuns(provider);
  await addSubscriberTables(ends, ['entry', 'other']);

  const end = Date.now() + stormMs;
  const writing = (async () => {
    await using writer = await open(pair.providerSettings, 'load');
    let n = 0;
    for (; Date.now() < end; n += 1) {
      await writer.execute(`insert into entry (item) values ('${n}'); update entry set item = '${n}' where id = ${1 + (n % 20000)};
        insert into other values (${n % 50}, ${n}) on conflict (id) do update set n = excluded.n; delete from other where id = ${(n * 7) % 50}`);
    }
    return n;
  })();
  const cuts = new Map<string, number>();
  for (let n = 0; Date.now() < end; n += 1) {
    await cutOne(pair, n, cuts);
    if (n % 10 === 5) {
      // Locked for a moment by a copy, or no ticker between two of its connections: the operator tries again.
      await resyncTables(ends, [n % 20 === 5 ? 'entry' : 'other']).catch(() => undefined);
    }
    await new Promise((resolve) => setTimeout(resolve, 120));
  }
  const written = await writing;
  const total = [...cuts.values()].reduce((sum, count) => sum + count, 0);
  console.log(
    `${total} sessions cut while ${written} transactions were written: ${[...cuts].map(([purpose, count]) => `${purpose} ${count}`).join(', ')}`,
  );
  expect(total).toBeGreaterThan(30);
  expect(
    [...cuts.keys()].filter(
      (purpose) => purpose.endsWith('replay') || purpose.endsWith('ticker') || purpose.includes('feed'),
    ).length,
  ).toBeGreaterThan(2);
  await eventually(
    async () => (await listTables(subscriber, name)).map(({ state }) => state),
    ['ok', 'ok'],
    60_000,
  );
  for (const table of ['entry', 'other']) {
    await eventually(() => fingerprint(subscriber, table), await fingerprint(provider, table), 30_000);
  }
  await replay.stop();
  await ticker.stop();
});

test('one side is connected anew without the other', async () => {
  const pair = await createPair('newest', 'oldest');
  const { provider, subscriber, ends, name } = pair;
  for (const session of [provider, subscriber])
    await session.execute('create table entry (id serial primary key, item text)');
  Daemons.ticker(pair);
  Daemons.replay(pair);
  await addProviderTables(provider, name.queue, ['entry']);
  await tickerRuns(provider);
  await addSubscriberTables(ends, ['entry']);
  await eventually(async () => (await listTables(subscriber, name)).map(({ state }) => state), ['ok']);

  for (const side of ['provider', 'subscriber'] as const) {
    const other = side === 'provider' ? subscriber : provider;
    const kept = await backends(other);
    const lost = await backends(side === 'provider' ? provider : subscriber);
    await asSuperuser((side === 'provider' ? pair.providerSettings : pair.subscriberSettings).port, (admin) =>
      admin.query('select pg_terminate_backend(pid) from unnest($1::int[]) pid', [lost]),
    );
    await provider.execute(`insert into entry (item) values ('after ${side}')`);
    await eventually(() => fingerprint(subscriber, 'entry'), await fingerprint(provider, 'entry'));
    expect(await backends(other)).toEqual(kept);
    const now = await backends(side === 'provider' ? provider : subscriber);
    expect(now.filter((pid) => lost.includes(pid))).toEqual([]);
    expect(lost.length).toBeGreaterThan(0);
  }
});

/** Replay's own sessions on a side. */
async function backends(session: Pair['provider']): Promise<number[]> {
  const rows = await session.query<{ pid: number }>(
    `select pid from pg_stat_activity where datname = current_database() and application_name like 'londiste c replay%' order by pid`,
  );
  return rows.map(({ pid }) => pid);
}
