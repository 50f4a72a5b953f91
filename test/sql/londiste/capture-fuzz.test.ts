/**
 * Sessions change the same few rows at once, nested triggers and functions among them, while the table is altered and its
 * capture regenerated. At every snapshot that a reader takes, the rows replayed from the events in it must be the table's.
 */
import { describe, expect, it } from 'vitest';
import type { ConnectSettings, Session } from '../../../src/db/session.js';
import { inTransaction } from '../../../src/db/transaction.js';
import { LondisteError } from '../../../src/kernel/errors.js';
import { capture, probeOf, servers, type Form } from '../../support/capture-form.js';
import { asSuperuser, open, type Which } from '../../support/databases.js';
import {
  createProvider,
  openReader,
  Replica,
  type CapturedEvent,
  type NamedRow,
} from '../../support/replica.js';

/** Each seed gives every session its own choices for a while; what meets what is up to the machine. */
const seeds = process.env['LONDISTE_TEST_LONG'] === '1' ? 200 : 20;
const msPerSeed = 300;
const keys = 12;
const isolations = [
  'read committed',
  'read committed',
  'read committed',
  'repeatable read',
  'serializable',
  'read committed',
];

const setup = `
  create table hot (id int primary key, v int not null, who text);
  -- An application's own: sometimes writes to other rows, or the same, before or after our triggers.
  create function meddle() returns trigger language plpgsql as $f$ begin
    if pg_trigger_depth() > 1 then return null; end if;
    case floor(random() * 8)
      when 0 then update hot set v = v + 1 where id = floor(random() * ${keys});
      when 1 then delete from hot where id = floor(random() * ${keys});
      when 2 then insert into hot values (floor(random() * ${keys}), -1, 'meddle') on conflict (id) do update set v = hot.v - 1;
      when 3 then update hot set id = id + ${keys} where id = floor(random() * ${keys})
        and not exists (select from hot h where h.id = hot.id + ${keys});
      else null;
    end case;
    return null; end $f$;
  create trigger aa_meddle after insert or update or delete on hot for each row execute function meddle();
  create trigger zz_meddle after update on hot for each statement execute function meddle();
  create function touch(k int) returns int language plpgsql as $f$ begin
    update hot set who = 'touched' where id = k; return 1; end $f$;
  insert into hot select n, 0, 'start' from generate_series(1, ${keys}) n;`;

/** Random choices that a seed repeats (mulberry32). */
class Dice {
  #state: number;

  constructor(seed: number) {
    this.#state = seed;
  }

  roll(): number {
    this.#state = (this.#state + 0x6d2b79f5) | 0;
    let t = Math.imul(this.#state ^ (this.#state >>> 15), 1 | this.#state);
    t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t;
    return ((t ^ (t >>> 14)) >>> 0) / 2 ** 32;
  }

  pick<T>(list: readonly T[]): T {
    const one = list[Math.floor(this.roll() * list.length)];
    if (one === undefined) throw new Error('nothing to choose from');
    return one;
  }

  /** One of the keys, or of those that keys are moved to. */
  key(...ranges: number[]): number {
    return Math.floor(this.roll() * keys) + this.pick(ranges.length > 0 ? ranges : [0]) * keys;
  }
}

const operations: readonly ((dice: Dice) => string)[] = [
  (d) => `insert into hot values (${d.key()}, 1, 'insert') on conflict do nothing`,
  (d) => `insert into hot values (${d.key()}, 1, 'a'), (${d.key(1)}, 2, 'b')
           on conflict (id) do update set v = hot.v + 1, who = excluded.who`,
  (d) => `insert into hot values (${d.key(2)}, 3, 'insert')`,
  (d) => `update hot set v = v + 1 where id = ${d.key()}`,
  (d) => `update hot set v = v + 1, who = 'range' where id between ${d.key()} and ${d.key() + 2}`,
  (d) => `update hot set v = v + touch(${d.key()}) where id = ${d.key()}`,
  (d) => `update hot set id = ${d.key(0, 1, 2)} where id = ${d.key()}`,
  (d) => `delete from hot where id = ${d.key(0, 1, 2)}`,
  (d) => `with gone as (delete from hot where id = ${d.key()} returning *)
           update hot set v = hot.v + gone.v from gone where hot.id = ${d.key()}`,
  (d) => `do $$ begin delete from hot where id = ${d.key()}; insert into hot values (${d.key()}, 9, 'do')
           on conflict do nothing; update hot set id = id + ${keys} where id = ${d.key()}; end $$`,
  (d) => `select * from hot where id in (${d.key()}, ${d.key()}) order by id for update`,
];

/** Failures that concurrent writers get from one another (27000: from their own nested write), of their own work only. */
const expected = new Set(['40001', '40P01', '23505', '27000', '55P03']);

async function attempt(session: Session, sql: string): Promise<boolean> {
  try {
    await session.execute(sql);
    return true;
  } catch (error) {
    if (error instanceof LondisteError && expected.has(error.sqlstate ?? '')) return false;
    throw error;
  }
}

/** Transactions of random operations, one after the other; returns how many were committed. */
async function write(session: Session, isolation: string, dice: Dice, end: number): Promise<number> {
  let committed = 0;
  await session.query('select setseed($1)', [dice.roll()]);
  while (Date.now() < end) {
    await session.execute(`begin isolation level ${isolation}`);
    const done = (await runSome(session, dice)) && dice.roll() < 0.9 && (await attempt(session, 'commit'));
    if (done) committed += 1;
    else await session.execute('rollback');
  }
  return committed;
}

/** Some operations, of which some in a savepoint that is given up; false when one failed outside of a savepoint. */
async function runSome(session: Session, dice: Dice): Promise<boolean> {
  for (let left = 1 + Math.floor(dice.roll() * 4); left > 0; left -= 1) {
    const operation = dice.pick(operations)(dice);
    if (dice.roll() < 0.3) {
      await session.execute('savepoint s');
      const kept = (await attempt(session, operation)) && dice.roll() < 0.5;
      if (!kept) await session.execute('rollback to s');
    } else if (!(await attempt(session, operation))) return false;
  }
  return true;
}

/** Alters the table to and fro; leaves the slow path to itself for a while now and then. */
async function alter(session: Session, end: number): Promise<number> {
  let altered = 0;
  await session.execute(`set lock_timeout = '200ms'`);
  while (Date.now() < end) {
    const ddl = altered % 2 === 0 ? 'add column extra int default 4' : 'drop column extra';
    if (await attempt(session, `alter table hot ${ddl}`)) altered += 1;
    await session.query('select pg_sleep(0.15)');
    if (Math.random() < 0.7) await session.query('select londiste.refresh_captures()');
    await session.query('select pg_sleep(0.15)');
  }
  return altered;
}

/** `extra` is there for a while and then not, and adding it changes no row. */
function withoutExtra(rows: NamedRow[]): NamedRow[] {
  return rows.map((row) => Object.fromEntries(Object.entries(row).filter(([name]) => name !== 'extra')));
}

async function compare(reader: Session, replica: Replica, from: string): Promise<string> {
  return inTransaction(
    reader,
    async () => {
      // The lock first: a snapshot from before an ALTER could not read the table's rows by their names.
      await reader.execute('lock table public.hot in access share mode');
      const { to, query } = await reader.one<{ to: string; query: string }>(
        `select s::text as to, pgq.event_range_sql(1, $1, s, null) as query from txid_current_snapshot() s`,
        [from],
      );
      await replica.apply(reader, await reader.query<CapturedEvent>(`${query} order by ev_id`));
      expect(withoutExtra(replica.rows)).toEqual(withoutExtra(await replica.rowsOfTable(reader)));
      return to;
    },
    { isolation: 'repeatable read' },
  );
}

async function compareUntil(
  settings: ConnectSettings,
  replica: Replica,
  from: string,
  end: number,
): Promise<number> {
  await using reader = await openReader(settings);
  let compared = 0;
  let last = from;
  // The end is after the writers', so the last time all they did is seen.
  for (let more = true; more; compared += 1) {
    more = Date.now() < end;
    last = await compare(reader, replica, last);
  }
  return compared;
}

/** All seeds, one after the other, each in every session at once. */
async function writeAll(sessions: readonly Session[]): Promise<number> {
  let committed = 0;
  for (let seed = 1; seed <= seeds; seed += 1) {
    const end = Date.now() + msPerSeed;
    const counts = await Promise.all(
      sessions.map((session, n) =>
        write(session, isolations[n] ?? 'read committed', new Dice(seed * 1000 + n), end),
      ),
    );
    committed += counts.reduce((a, b) => a + b, 0);
  }
  return committed;
}

/**
 * A provider whose sessions look for a deadlock at once: a second in each would leave most of the time to waiting, and an
 * ALTER that waits for less makes no autovacuum give way, which keeps a table that it cuts short for up to 5 seconds.
 */
async function createImpatientProvider(which: Which): Promise<ConnectSettings> {
  const settings = await createProvider(which);
  await asSuperuser(settings.port, (root) =>
    root.execute(`alter database ${settings.database} set deadlock_timeout = '5ms'`),
  );
  return settings;
}

async function prepare(admin: Session, form: Form): Promise<string> {
  await admin.execute(setup);
  await admin.execute(probeOf('hot', form));
  const { from } = await admin.one<{ from: string }>('select txid_current_snapshot()::text as from');
  await capture(admin, 'hot', form);
  await admin.execute(`update hot set who = who`);
  return from;
}

describe.each(servers)('capture under concurrent writers, %s server, by %s', (which, form) => {
  it('equals the table at every snapshot', { timeout: seeds * msPerSeed + 60_000 }, async () => {
    const settings = await createImpatientProvider(which);
    await using admin = await open(settings);
    const from = await prepare(admin, form);
    const end = Date.now() + seeds * msPerSeed;
    const sessions = await Promise.all(isolations.map(() => open(settings, 'writer')));
    const replica = new Replica('public.hot', ['id']);
    const [compared, altered, committed] = await Promise.all([
      compareUntil(settings, replica, from, end + 2000),
      alter(admin, end),
      writeAll(sessions),
    ]).finally(() => Promise.all(sessions.map((session) => session.end())));

    const hits = await admin.one<{ nested: number; slow: number; events: number }>(
      `select (select last_value from state_path) as nested, count(*) as events,
              count(*) filter (where ev_extra3 = 'old-row') as slow from pgq.event_1`,
    );
    console.log(
      `PostgreSQL ${admin.major}, by ${form}: ${seeds} seeds, ${compared} snapshots compared, ${committed} transactions, ${hits.events} events, ` +
        `${hits.nested} nested captures, ${hits.slow} old rows by the slow path, ${altered} ALTERs`,
    );
    const counts = { compared, committed, nested: hits.nested, slow: hits.slow, altered };
    for (const [name, count] of Object.entries(counts)) expect(count, name).toBeGreaterThan(10);
  });
});
