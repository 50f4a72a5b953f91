/** P1: whatever several sessions do to tables of several shapes, with copies in between, both sides are equal at rest. */
import { describe, expect, test } from 'vitest';
import { addProviderTables } from '../../src/setup/provider.js';
import { resyncTables } from '../../src/setup/resync.js';
import { addSubscriberTables, listTables } from '../../src/setup/subscriber-tables.js';
import type { Session } from '../../src/db/session.js';
import { open } from '../support/databases.js';
import { eventually, tickerRuns } from '../support/eventually.js';
import { createPair, Daemons, fingerprint, type Pair } from '../support/pair.js';
import { randomFrom } from '../support/random-stories.js';

const tables = {
  plain: 'create table plain (id int primary key, v text)',
  // A second unique value that rows swap and hand on.
  swap: 'create table swap (id int primary key, seat int unique deferrable initially immediate, v text)',
  composite: 'create table composite (a text, b int, v numeric, primary key (a, b))',
  identity:
    'create table identity (id int primary key, n bigint generated always as identity, v text, twice int generated always as (id * 2) stored)',
  only_key: 'create table only_key (a int, b text, primary key (a, b))',
};

function statement(random: (below: number) => number): string {
  const id = random(30);
  const v = `v${random(1000)}`;
  const choices = [
    `insert into plain values (${id}, '${v}') on conflict (id) do update set v = excluded.v`,
    `update plain set v = '${v}' where id % 5 = ${random(5)}`,
    `delete from plain where id = ${id}`,
    `update plain set id = id + 1000 where id = ${id} and not exists (select from plain where id = ${id} + 1000)`,
    `insert into swap values (${id}, ${id}, '${v}') on conflict do nothing`,
    `update swap set seat = seat + 1`,
    `update swap s set seat = case s.id when ${id} then (select seat from swap where id = ${(id + 1) % 30}) else (select seat from swap where id = ${id}) end
       where id in (${id}, ${(id + 1) % 30}) and (select count(*) from swap where id in (${id}, ${(id + 1) % 30})) = 2`,
    `delete from swap where id = ${id}`,
    `insert into composite values ('k ${id % 7}', ${id}, ${id}.50) on conflict (a, b) do update set v = excluded.v`,
    `update composite set b = b + 1000 where a = 'k ${id % 7}' and b < 1000`,
    `delete from composite where b > 20000`,
    `insert into identity (id, v) values (${id}, '${v}') on conflict (id) do update set v = excluded.v`,
    `delete from identity where id = ${id}`,
    `insert into only_key values (${id}, '"quoted, (${v})\\') on conflict do nothing`,
    `delete from only_key where a = ${id}`,
    random(12) === 0
      ? 'truncate plain, only_key'
      : `insert into plain select n, null from generate_series(100, 110) n on conflict do nothing`,
  ];
  return choices[random(choices.length)] ?? '';
}

/** Transactions of a few statements, some rolled back whole or to a savepoint; failures are the application's own. */
async function writer(pair: Pair, seed: number, until: number): Promise<number> {
  const random = randomFrom(seed);
  await using session = await open(pair.providerSettings, `writer ${seed}`);
  let commits = 0;
  while (Date.now() < until) {
    try {
      await session.execute(random(4) === 0 ? 'begin isolation level repeatable read' : 'begin');
      for (let n = random(4); n >= 0; n -= 1) await step(session, random);
      await session.execute(random(6) === 0 ? 'rollback' : 'commit');
      commits += 1;
    } catch {
      await session.execute('rollback');
    }
  }
  return commits;
}

async function step(session: Session, random: (below: number) => number): Promise<void> {
  if (random(5) > 0) {
    await session.execute(statement(random));
    return;
  }
  await session.execute('savepoint s');
  await session.execute(statement(random));
  await session.execute(random(2) === 0 ? 'rollback to s' : 'release s');
}

const long = process.env['LONDISTE_TEST_LONG'] === '1';
const only = process.env['LONDISTE_TEST_SEED'];
const perWay = long ? 200 : 10;

/** Of each of the two ways: 20 together, or those that are asked for. */
const seedsOf = (way: number): number[] =>
  only === undefined ? Array.from({ length: perWay }, (_, n) => way * perWay + n + 1) : [Number(only)];

describe.each([
  ['oldest', 'newest', seedsOf(0)],
  ['newest', 'oldest', seedsOf(1)],
] as const)('from %s to %s', (from, to, seeds) => {
  test(`${seeds.length} seeds`, { timeout: long ? 3_600_000 : 90_000 }, async () => {
    const pair = await createPair(from, to);
    for (const ddl of Object.values(tables)) {
      await pair.provider.execute(ddl);
      // Checked row by row there: an order of changes that the provider never saw would be refused at once.
      await pair.subscriber.execute(ddl.replace(' deferrable initially immediate', ''));
    }
    Daemons.ticker(pair);
    const replay = Daemons.replay(pair);
    const names = Object.keys(tables);
    await addProviderTables(pair.provider, pair.name.queue, names);
    await tickerRuns(pair.provider);
    await addSubscriberTables(pair.ends, names);

    let commits = 0;
    let copies = 0;
    for (const seed of seeds) {
      const until = Date.now() + 1_500;
      const random = randomFrom(seed + 7);
      const writers = [1, 2, 3].map((n) => writer(pair, seed * 10 + n, until));
      await resyncTables(pair.ends, [names[random(names.length)] ?? 'plain']);
      copies += 1;
      commits += (await Promise.all(writers)).reduce((sum, one) => sum + one, 0);
      await eventually(
        async () => (await listTables(pair.subscriber, pair.name)).map(({ state, error }) => error ?? state),
        names.map(() => 'ok'),
      );
      for (const table of names) {
        const there = await fingerprint(pair.provider, table);
        await eventually(() => fingerprint(pair.subscriber, table), there).catch((error: unknown) => {
          throw new Error(`seed ${seed}, table ${table}`, { cause: error });
        });
      }
    }
    console.log(
      `${from} to ${to}: seeds ${seeds[0]}..${seeds.at(-1)}, ${commits} transactions, ${copies} copies under load`,
    );
    expect(commits).toBeGreaterThan(seeds.length * 20);
    await replay.stop();
  });
});
