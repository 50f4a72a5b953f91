/** P5 for copies: the daemon is killed and both servers restart at random while a large table is copied; it comes through, equal, with all that hung on it. */
import { expect, test } from 'vitest';
import { asSuperuser, createDatabase, open } from '../support/databases.js';
import { definitionsOf } from '../support/definitions.js';
import { readSide } from '../support/equality.js';
import { eventually } from '../support/eventually.js';
import { Installation } from '../support/installation.js';
import { ownServer } from '../support/own-server.js';
import { isLong, randomFrom, seed } from '../support/random-stories.js';

const there = ownServer('oldest');
const here = ownServer('newest');

const rows = isLong ? 3_000_000 : 120_000;
/** Two thirds of the time with a snapshot for the table, one third with one for each range. */
const forMs = isLong ? 120_000 : 20_000;
const ini = 'londiste replica.ini';

const columns = 'id int not null, code int not null, item text not null, at timestamptz not null';
const decorated = `create table entry (${columns}, constraint entry_pkey primary key (id), constraint entry_code unique (code), check (id > 0));
  create index entry_item on entry (item) with (fillfactor = 80);
  create index entry_at on entry (at desc) where id % 2 = 0;
  comment on index entry_at is 'newest first';
  create table child (id int primary key, code int references entry (code));
  create function nothing() returns trigger language plpgsql as 'begin return null; end';
  create trigger tr after insert or update on entry for each row execute function nothing()`;

/** Where a copy can be, and what holds it there: a phase that was over before anybody saw it is met all the same. */
const phases = ['nothing landed', 'some ranges landed', 'building', 'catching-up'] as const;
const held: Readonly<Record<(typeof phases)[number], string>> = {
  'nothing landed': 'copy.snapshot-taken=wait',
  'some ranges landed': 'copy.range-landed=wait:3',
  building: 'copy.index-built=wait',
  'catching-up': 'copy.caught-up=wait',
};

test.each([
  ['table', forMs],
  ['range', forMs / 2],
] as const)(
  'kills and restarts at random while a large table is copied, copy_snapshot = %s',
  { timeout: forMs + (isLong ? 1_800_000 : 540_000) },
  async (copySnapshot, timeMs) => {
    await asSuperuser(here().port, (admin) =>
      admin.execute('grant set on parameter session_replication_role to app'),
    );
    const sides = {
      provider: await createDatabase({ port: there().port }),
      subscriber: await createDatabase({ port: here().port }),
    };
    const user = new Installation(sides.provider, sides.subscriber);
    {
      await using provider = await open(sides.provider);
      await using subscriber = await open(sides.subscriber);
      await provider.execute(
        `create table entry (${columns}, primary key (id)); create unique index on entry (code)`,
      );
      await provider.execute(
        `insert into entry select n, n, repeat('x', 60) || n, '2026-01-01'::timestamptz + n * interval '1 second' from generate_series(1, ${rows}) n`,
      );
      await subscriber.execute(decorated);
    }
    await using first = await open(sides.subscriber);
    const definitions = await definitionsOf(first, 'entry');
    await first.end();
    const settings = {
      LONDISTE_COPY_RANGE_SIZE: '1MB',
      LONDISTE_COPY_SNAPSHOT: copySnapshot,
      LONDISTE_LOCK_TIMEOUT: '3',
    };
    await user.replicate({ replay: settings });

    const writing = new AbortController();
    const load = write(sides.provider, writing.signal);
    const random = randomFrom(seed);
    const hits = new Map<string, number>(phases.map((phase) => [phase, 0]));
    const kinds = new Map<string, number>();
    let copies = 1;
    const end = Date.now() + timeMs;
    const hit = (phase: string, kind: string): void => {
      hits.set(phase, (hits.get(phase) ?? 0) + 1);
      kinds.set(kind, (kinds.get(kind) ?? 0) + 1);
    };
    const restart = async (more: Record<string, string> = {}): Promise<void> => {
      user.kill('lmaster_to_slave');
      await user.gone('lmaster_to_slave');
      await user.must(`${ini} replay -d`, { ...settings, ...more });
    };
    for (let n = random(4); Date.now() < end; n += 1) {
      const wanted = phases[n % phases.length];
      // Where the phase has passed, or lasts for too short to be seen, the copy is hit wherever it is.
      const patience = Date.now() + 3_000;
      let phase = await phaseOf(sides.subscriber);
      while (phase !== wanted && Date.now() < patience) {
        if (phase === 'ok') {
          copies += 1;
          await user.must(`${ini} subscriber resync entry`);
        }
        await new Promise((resolve) => setTimeout(resolve, 15));
        phase = await phaseOf(sides.subscriber);
      }
      await new Promise((resolve) => setTimeout(resolve, random(100)));
      const kind = ['daemon', 'provider', 'subscriber'][random(3)] ?? 'daemon';
      hit(phase, kind);
      if (kind === 'daemon') await restart();
      else {
        const server = kind === 'provider' ? there() : here();
        await server.stop(random(2) === 0 ? 'fast' : 'immediate');
        await server.start();
      }
    }
    for (const phase of phases.filter((one) => hits.get(one) === 0)) {
      copies += 1;
      await user.must(`${ini} subscriber resync entry`);
      await restart({ LONDISTE_TAP: held[phase] });
      await eventually(() => phaseOf(sides.subscriber), phase, isLong ? 400_000 : 120_000);
      hit(phase, 'daemon, held');
      await restart();
    }
    writing.abort();
    const written = await load;
    await eventually(() => phaseOf(sides.subscriber), 'ok', 120_000);
    const expected = await readSide(sides.provider, 'public.entry', 'id');
    await eventually(() => readSide(sides.subscriber, 'public.entry', 'id'), expected, 60_000);
    await using subscriber = await open(sides.subscriber);
    expect(await definitionsOf(subscriber, 'entry')).toEqual(definitions);
    const log = user.log('lmaster_to_slave');
    const resumed = log.split('\n').filter((line) => /going on with/.test(line)).length;
    console.log(
      `copy_snapshot = ${copySnapshot}, seed ${seed}: ${copies} copies of ${rows} rows beside ${written} transactions; hit in phase: ${show(hits)}; what: ${show(kinds)}; copies that went on: ${resumed}`,
    );
    for (const phase of phases) expect([phase, hits.get(phase)]).not.toEqual([phase, 0]);
    expect(resumed).toBeGreaterThan(0);
    expect(log).not.toContain('is parked');
    await user.stop();
  },
);

function show(counts: ReadonlyMap<string, number>): string {
  return [...counts].map(([name, count]) => `${name} ${count}`).join(', ');
}

/** Where the copy is; `away` while the server restarts. */
async function phaseOf(settings: Parameters<typeof open>[0]): Promise<string> {
  try {
    await using session = await open(settings, 'looking');
    const { phase } = await session.one<{ phase: string }>(
      `select case when t.state <> 'copying' then t.state
                   when exists (select from londiste.copy_range r where r.state = 'done' and r.table_name = t.table_name)
                   then 'some ranges landed' else 'nothing landed' end as phase
         from londiste.table_state t`,
    );
    return phase;
  } catch {
    return 'away';
  }
}

/** Changes rows all over the table until stopped, however often the server goes away. */
async function write(settings: Parameters<typeof open>[0], stop: AbortSignal): Promise<number> {
  let transactions = 0;
  while (!stop.aborted) {
    try {
      await using session = await open(settings, 'load');
      for (; !stop.aborted; transactions += 1) {
        const n = transactions;
        await session.execute(
          `update entry set item = item || '.' where id % 5000 = ${n % 5000};
           delete from entry where id = ${1 + ((n * 7919) % rows)};
           insert into entry select m, m, 'new', now() from generate_series(${rows + 1 + n * 3}, ${rows + 3 + n * 3}) m on conflict do nothing;
           begin; update entry set code = -code where id in (${1 + ((n * 31) % rows)}, ${1 + ((n * 37) % rows)}); commit`,
        );
        await new Promise((resolve) => setTimeout(resolve, 20));
      }
    } catch {
      await new Promise((resolve) => setTimeout(resolve, 50));
    }
  }
  return transactions;
}
