/** Workers of one consumer, each on a connection of its own, some of which die with a batch open. */
import { expect, it } from 'vitest';
import { installCompanions } from '../../../src/install/companions.js';
import type { Session } from '../../../src/db/session.js';
import { open } from '../../support/databases.js';
import { eagerQueue, pgqDatabase, value } from './pgq-database.js';

const workers = 4;
const rounds = 60;
const deaths = 3;

it.each(['oldest', 'newest'] as const)(
  'every event is done once by the workers of a consumer, whichever of them die, %s',
  async (which) => {
    const settings = await pgqDatabase(which);
    await using session = await open(settings);
    await installCompanions(session);
    await eagerQueue(session);
    await session.query('create table done (event bigint, worker text)');
    const written = { all: false };
    const count = { batches: 0, deaths: 0, takenOver: 0, empty: 0 };
    const open_ = new Map<number, string>();

    const work = async (name: string): Promise<void> => {
      let worker = name;
      await using own = await open(settings);
      for (;;) {
        const last = written.all;
        const batch = await value<number | null>(
          own,
          `select pgq_coop.next_batch('q', 'c', $1, '150 milliseconds')`,
          [worker],
        );
        if (batch === null) {
          count.empty += 1;
          if (last && (await openBatches(session)) === 0) return;
          continue;
        }
        if (open_.has(batch) && open_.get(batch) !== worker) count.takenOver += 1;
        open_.set(batch, worker);
        count.batches += 1;
        if (count.deaths < deaths && count.batches % 9 === 0) {
          count.deaths += 1;
          worker = `${name}${count.deaths}`;
          continue;
        }
        // What it did and that it is done commit together; a batch that was taken away meanwhile is not done.
        await own.query('begin');
        await own.query('insert into done select ev_id, $2 from pgq.get_batch_events($1)', [batch, worker]);
        const finished = await value<number>(own, 'select pgq_coop.finish_batch($1)', [batch]);
        await own.query(finished === 1 ? 'commit' : 'rollback');
      }
    };

    const produce = async (): Promise<void> => {
      await using own = await open(settings);
      for (let round = 0; round < rounds; round += 1) {
        await own.query(`select pgq.insert_event('q', 't', 'x') from generate_series(1, 5)`);
        await own.query(`select pgq.ticker('q')`);
      }
      // The last tick has everything: nobody else writes here.
      await untilTicked(own);
      written.all = true;
    };
    await Promise.all([
      produce(),
      ...Array.from({ length: workers }, (_, n) => work(`w${String.fromCharCode(97 + n)}`)),
    ]);

    console.log(`${which}: ${JSON.stringify(count)}`);
    const [sums] = await session.query(
      `select count(*)::integer as events, count(distinct event)::integer as different, count(distinct worker) > 1 as shared from done`,
    );
    expect(sums).toEqual({ events: rounds * 5, different: rounds * 5, shared: true });
    expect(count.deaths).toBe(deaths);
    expect(count.takenOver).toBeGreaterThanOrEqual(deaths);
    expect(count.empty).toBeGreaterThan(0);
    expect(await openBatches(session)).toBe(0);
  },
);

it.each(['oldest', 'newest'] as const)(
  'the second of two workers that ask at once waits for the first and gets the next batch, %s',
  async (which) => {
    const settings = await pgqDatabase(which);
    await using session = await open(settings);
    await using other = await open(settings);
    await installCompanions(session);
    await eagerQueue(session);
    for (const data of ['one', 'two']) {
      await session.query(`select pgq.insert_event('q', 't', $1)`, [data]);
      await session.query(`select pgq.ticker('q')`);
    }
    const ask = (on: Session, worker: string): Promise<number> =>
      value<number>(on, `select pgq_coop.next_batch('q', 'c', $1)`, [worker]);
    await session.query('begin');
    const first = await ask(session, 'a');
    const second = ask(other, 'b');
    await session.query('commit');
    expect(await second).not.toBe(first);
    const data = async (batch: number): Promise<string> =>
      value(session, 'select ev_data from pgq.get_batch_events($1)', [batch]);
    expect([await data(first), await data(await second)]).toEqual(['one', 'two']);
  },
);

const openBatches = (session: Session): Promise<number> =>
  value(session, 'select count(*)::integer from pgq.subscription where sub_batch is not null');

/** Ticks until a tick's snapshot begins after all that was written. */
async function untilTicked(session: Session): Promise<void> {
  const marker = await value<number>(session, 'select txid_current()');
  for (;;) {
    await session.query(`select pgq.ticker('q')`);
    const passed = await value<boolean>(
      session,
      'select txid_snapshot_xmin(tick_snapshot) > $1 from pgq.tick order by tick_id desc limit 1',
      [marker],
    );
    if (passed) return;
  }
}
