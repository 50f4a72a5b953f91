/** Copies of tables without a key: a change that is applied twice, or not at all, is there for ever. */
import { afterEach, beforeEach, expect, test } from 'vitest';
import type { Session } from '../../src/db/session.js';
import { arm, disarmAll, type Moment } from '../../src/kernel/tap.js';
import { resyncTables } from '../../src/setup/resync.js';
import { addSubscriberTables, listTables } from '../../src/setup/subscriber-tables.js';
import { open } from '../support/databases.js';
import { eventually, tickerRuns } from '../support/eventually.js';
import { addFullRow } from '../support/full-row.js';
import { createPair, Daemons, fingerprint, type Pair } from '../support/pair.js';

let pair: Pair;
let ticker: Daemons;
let replay: Daemons;

beforeEach(async () => {
  pair = await createPair('oldest', 'newest');
  for (const session of [pair.provider, pair.subscriber])
    await session.execute('create table bag (a int, v json)');
  await pair.provider.execute(`insert into bag select g % 10, '{"n": 1}' from generate_series(1, 100) g`);
  await addFullRow(pair.provider, pair.name.queue, 'bag');
  ticker = Daemons.ticker(pair);
  replay = Daemons.replay(pair, { memoryBytes: 20_000 });
  await tickerRuns(pair.provider);
});

afterEach(async () => {
  disarmAll();
  await replay.stop();
  await ticker.stop();
});

async function state(): Promise<string | undefined> {
  const table = (await listTables(pair.subscriber, pair.name))[0];
  return table?.error ?? table?.state;
}

async function equal(): Promise<void> {
  const sides = (): Promise<string[]> =>
    Promise.all([fingerprint(pair.provider, 'bag'), fingerprint(pair.subscriber, 'bag')]);
  // What a moment that was reached just before has still to write comes in between.
  await eventually(async () => new Set(await sides()).size, 1);
}

/** A row more, a twin less and a twin that changes, by now and then another transaction. */
async function change(session: Session, n: number): Promise<void> {
  await session.execute(`insert into bag values (${n % 10}, '{"n": 1}'), (${n % 7}, null)`);
  if (n % 2 === 0)
    await session.execute(`delete from bag where ctid = (select max(ctid) from bag where a = ${n % 10})`);
  if (n % 3 === 0)
    await session.execute(
      `update bag set v = '{}' where ctid = (select min(ctid) from bag where a = ${n % 7})`,
    );
}

test('copies under load', { timeout: 120_000 }, async () => {
  await addSubscriberTables(pair.ends, ['bag']);
  let isOver = false;
  let changes = 0;
  const writer = async (name: string, pause: number): Promise<void> => {
    await using session = await open(pair.providerSettings, name);
    while (!isOver) {
      await session.execute('begin');
      for (let n = 0; n < 3; n += 1) await change(session, (changes += 1));
      await new Promise((resolve) => setTimeout(resolve, pause));
      await session.execute(changes % 5 === 0 ? 'rollback' : 'commit');
    }
  };
  const writers = [writer('quick', 2), writer('slow', 60)];
  let copies = 0;
  try {
    for (; copies < 12; copies += 1) {
      await eventually(state, 'ok');
      await new Promise((resolve) => setTimeout(resolve, copies * 20));
      await resyncTables(pair.ends, ['bag']);
    }
    await eventually(state, 'ok');
  } finally {
    isOver = true;
    await Promise.all(writers);
  }
  console.log(`${changes} changes, ${copies} copies`);
  expect(changes).toBeGreaterThan(300);
  await equal();
});

test('changes and lost connections at every moment of a copy', { timeout: 120_000 }, async () => {
  const moments: readonly Moment[] = [
    'copy.snapshot-taken',
    'copy.rows-landed-not-committed',
    'copy.landed',
    'copy.caught-up',
    'replay.fetched',
    'replay.applied-not-committed',
    'replay.committed-not-finished',
  ];
  const visits: Partial<Record<Moment, number>> = {};
  let changes = 0;
  let killed = 0;
  // So that there is something to catch up with.
  const leaveWork = async (): Promise<void> => {
    await change(pair.provider, (changes += 1));
    const before = await ticks();
    await pair.provider.execute(`select pgq.force_tick('${pair.name.queue}')`);
    await eventually(async () => (await ticks()) > before, true);
  };
  const ticks = async (): Promise<number> =>
    (await pair.provider.one<{ n: number }>('select max(tick_id) as n from pgq.tick')).n;
  for (const [n, moment] of moments.entries()) {
    arm('copy.landed', leaveWork);
    arm(moment, async () => {
      visits[moment] = (visits[moment] ?? 0) + 1;
      for (let more = 0; more < 5; more += 1) await change(pair.provider, (changes += 1));
      await pair.provider.execute(`select pgq.force_tick('${pair.name.queue}')`);
      if (visits[moment] !== 2) return;
      const purpose = moment.startsWith('copy') ? 'copy' : 'replay';
      const gone = await pair.subscriber.query(
        `select pg_terminate_backend(pid) from pg_stat_activity where application_name = $1 and datname = current_database()`,
        [`londiste ${pair.name.consumer} ${purpose}`],
      );
      killed += gone.length;
    });
    if (n === 0) await addSubscriberTables(pair.ends, ['bag']);
    for (let copy = 0; copy < 3; copy += 1) {
      await eventually(state, 'ok');
      await resyncTables(pair.ends, ['bag']);
    }
    await eventually(state, 'ok', 40_000);
    disarmAll();
    await equal();
  }
  console.log(`${changes} changes, ${killed} connections killed, ${JSON.stringify(visits)}`);
  expect(killed).toBeGreaterThan(4);
  expect(moments.filter((moment) => (visits[moment] ?? 0) < 2)).toEqual([]);
});

test('a step whose answer was lost, and that the server commits late, is not done again', async () => {
  await using late = await open(pair.subscriberSettings, 'late');
  const copier = `application_name = 'londiste ${pair.name.consumer} copy' and datname = current_database()`;
  let waited = false;
  arm('copy.landed', async () => {
    disarmAll();
    await pair.provider.execute(`insert into bag values (1, '"twin"'), (1, '"twin"')`);
    const { head } = await pair.provider.one<{ head: number }>(
      `select pgq.force_tick('${pair.name.queue}') as head`,
    );
    const found = async (): Promise<{ tick: number; snapshot: string } | undefined> =>
      (
        await pair.provider.query<{ tick: number; snapshot: string }>(
          'select tick_id as tick, tick_snapshot::text as snapshot from pgq.tick where tick_id > $1 order by 1 limit 1',
          [head],
        )
      )[0];
    await eventually(async () => (await found()) !== undefined, true);
    const tick = await found();
    // What the server still does for a copier whose connection was lost while it committed.
    await late.execute('begin');
    await late.execute(`insert into bag values (1, '"twin"'), (1, '"twin"')`);
    await late.query(`select from londiste.lock_position($1, $2)`, [pair.name.queue, pair.name.consumer]);
    await late.query(`update londiste.table_state set position_tick = $1, position_snapshot = $2`, [
      tick?.tick,
      tick?.snapshot,
    ]);
    void (async () => {
      await eventually(
        async () =>
          (
            await late.one<{ n: number }>(
              `select count(*)::int as n from pg_stat_activity where ${copier} and wait_event_type = 'Lock'`,
            )
          ).n,
        1,
      );
      waited = true;
    })().finally(() => late.execute('commit'));
  });
  await addSubscriberTables(pair.ends, ['bag']);
  await eventually(state, 'ok');
  expect(waited).toBe(true);
  await equal();
});
