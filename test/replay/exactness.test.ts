/** P2 and C8: whoever reads the subscriber in one snapshot sees a state that the provider had, exactly, at the tick that the subscriber names. */
import { beforeAll, describe, expect, test } from 'vitest';
import type { ConnectSettings, Session } from '../../src/db/session.js';
import { inTransaction } from '../../src/db/transaction.js';
import { open } from '../support/databases.js';
import { digest, reach, recordTick, stateAt, subscribeByHand, tickNow } from '../support/hand-ticks.js';
import { createPair, Daemons, type Pair } from '../support/pair.js';

const accounts = 50;
const total = accounts * 1000;
const tables = ['giro', 'savings', 'entry'];

/** `entry` is written by a trigger on `giro`, inside the application's own statement: a nested capture. */
const ddl = `create table giro (id int primary key, amount int not null);
  create table savings (id int primary key, amount int not null);
  create table entry (id bigint generated always as identity primary key, giro int, amount int not null)`;
const nested = `create function keep_entry() returns trigger language plpgsql as $$begin
    insert into entry (giro, amount) values (new.id, new.amount - old.amount);
    if new.id % 5 = 0 then update entry set giro = -giro where id = (select max(id) - 3 from entry); end if;
    return null;
  end$$;
  create trigger keep_entry after update on giro for each row execute function keep_entry()`;

async function prepare(pair: Pair): Promise<void> {
  for (const session of [pair.provider, pair.subscriber]) await session.execute(ddl);
  await pair.provider
    .execute(`${nested}; insert into giro select n, 1000 from generate_series(1, ${accounts}) n;
    insert into savings select n, 0 from generate_series(1, ${accounts}) n`);
}

/** Moves money between accounts and tables; keeps one transaction in ten open for a while, rolls one in ten back. */
async function transfer(settings: ConnectSettings, seed: number, isOver: () => boolean): Promise<number> {
  await using session = await open(settings, `transfers ${seed}`);
  let done = 0;
  for (let n = 0; !isOver(); n += 1) {
    const [from, to] = [1 + ((n * 7 + seed) % accounts), 1 + ((n * 13 + seed * 5) % accounts)];
    const [a, b] = (n + seed) % 2 === 0 ? ['giro', 'savings'] : ['savings', 'giro'];
    try {
      await inTransaction(session, async () => {
        await session.execute(`update ${a} set amount = amount - ${1 + (n % 50)} where id = ${from}`);
        if (n % 10 === 3) await session.execute('select pg_sleep(0.03)');
        await session.execute(`update ${b} set amount = amount + ${1 + (n % 50)} where id = ${to}`);
        if (n % 40 === 7)
          await session.execute('delete from entry where id < (select max(id) - 200 from entry)');
        if (n % 10 === 9) throw new Error('rolled back');
      });
      done += 1;
      // One process plays everybody here; replay shall get its share of it.
      await new Promise((resolve) => setTimeout(resolve, 3));
    } catch {
      // Ours, or two transfers that wait for one another: one of them is rolled back, as a bank would do.
    }
  }
  return done;
}

/** Statement by statement in one snapshot, as an application would read; the answers of both sums. */
function readSum(reader: Session): Promise<{ sum: number; state: string }> {
  return inTransaction(
    reader,
    async () => {
      const giro = await reader.one<{ sum: number; state: string }>(
        `select sum(amount)::int as sum, md5(string_agg(amount::text, ',' order by id)) as state from giro`,
      );
      const { sum } = await reader.one<{ sum: number }>('select sum(amount)::int as sum from savings');
      return { sum: giro.sum + sum, state: giro.state };
    },
    { isolation: 'repeatable read', readOnly: true },
  );
}

/** Seconds on a machine of one's own; others may be using it too. */
const patient = { timeout: 120_000 };

describe.each([
  ['oldest', 'newest'],
  ['newest', 'oldest'],
] as const)('from %s to %s', (from, to) => {
  let pair: Pair;
  let replay: Daemons;
  let batches = 0;

  beforeAll(async () => {
    pair = await createPair(from, to);
    await prepare(pair);
    replay = Daemons.replay(pair, {
      onBatch: () => {
        batches += 1;
      },
    });
    await subscribeByHand(pair, tables);
  });

  test(
    'ticks of a recorder: what a reader finds at one is what the recorder found there',
    patient,
    async () => {
      const wanted = 300;
      const there = new Map<number, string>();
      const here: { tick: number; digest: string }[] = [];
      const seen = new Set<number>();
      const isOver = (): boolean => seen.size >= wanted;
      await using reader = await open(pair.providerSettings, 'recorder');
      await using onlooker = await open(pair.subscriberSettings, 'onlooker');
      const record = async (): Promise<void> => {
        while (!isOver()) {
          const recorded = await recordTick(pair.name.queue, { reader, other: pair.provider }, tables);
          if (recorded) there.set(recorded.tick, recorded.digest);
          // No further than a few ticks ahead, or replay would rightly take many of them as one batch.
          if (recorded) await reach(pair, recorded.tick - 1);
        }
      };
      const look = async (): Promise<void> => {
        while (!isOver()) {
          const state = await stateAt(pair, onlooker, tables);
          here.push(state);
          if (there.has(state.tick)) seen.add(state.tick);
        }
      };
      const transfers = [1, 2, 3].map((seed) => transfer(pair.providerSettings, seed, isOver));
      await Promise.all([record(), look(), ...transfers]);

      const known = here.filter(({ tick }) => there.has(tick));
      const states = new Set(known.map((state) => state.digest)).size;
      console.log(
        `${from} to ${to}: ${here.length} reads, ${known.length} at ${seen.size} of ${there.size} recorded ticks, ${states} states, ${batches} batches`,
      );
      expect(known.filter((state) => state.digest !== there.get(state.tick))).toEqual([]);
      expect(known.length).toBeGreaterThanOrEqual(500);
      expect(states).toBeGreaterThan(wanted / 2);
    },
  );

  test('transfers between two tables: every one of 5,000 readers finds the whole sum', patient, async () => {
    const ticker = Daemons.ticker(pair);
    const before = batches;
    const states = new Set<string>();
    let reads = 0;
    const isOver = (): boolean => reads >= 5_000;
    const wrong: number[] = [];
    const read = async (): Promise<void> => {
      await using session = await open(pair.subscriberSettings, 'reader');
      while (!isOver()) {
        const { sum, state } = await readSum(session);
        reads += 1;
        states.add(state);
        if (sum !== total) wrong.push(sum);
      }
    };
    const done = await Promise.all([
      ...[1, 2, 3].map((seed) => transfer(pair.providerSettings, seed, isOver)),
      ...[1, 2].map(async () => {
        await read();
        return 0;
      }),
    ]);
    await ticker.stop();
    console.log(
      `${from} to ${to}: ${reads} reads of ${states.size} states, ${done.reduce((a, b) => a + b)} transfers, ${batches - before} batches`,
    );
    expect(wrong).toEqual([]);
    expect(states.size).toBeGreaterThan(15);
    await reach(pair, await tickNow(pair.provider, pair.name.queue));
    expect(await digest(pair.subscriber, tables)).toBe(await digest(pair.provider, tables));
    await replay.stop();
  });
});
