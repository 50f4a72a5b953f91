/** Tables without a key at every tick, whatever several sessions do to few different rows: as many of each as the provider had. */
import { expect, test } from 'vitest';
import type { Session } from '../../src/db/session.js';
import { LondisteError } from '../../src/kernel/errors.js';
import { open } from '../support/databases.js';
import { addFullRow } from '../support/full-row.js';
import { digest, followByHand, reach, recordTick, stateAt, tickNow } from '../support/hand-ticks.js';
import { createPair, Daemons, type Pair } from '../support/pair.js';
import { randomFrom } from '../support/random-stories.js';
import { memoryLog } from '../ticker/memory-log.js';

const tables = {
  plain: { there: 'create table plain (a int, v text, j json)' },
  handed: {
    there: 'create table handed (n int unique deferrable initially immediate, v text)',
    here: 'create table handed (n int unique, v text)',
  },
  parts: {
    there: 'create table parts (a int, v text)',
    here: `create table parts (a int, v text) partition by list (a);
      create table parts_1 partition of parts for values in (1); create table parts_2 partition of parts default`,
  },
};

const kinds = {
  'one of twins deleted': (a: number, v: string) => [
    `delete from plain where ctid = (select max(ctid) from plain where a = ${a} and v = '${v}' having count(*) > 1)`,
    `delete from parts where ctid = (select max(ctid) from parts where a = ${a} having count(*) > 1)`,
  ],
  'one of twins updated': (a: number, v: string) => [
    `update plain set v = 'w' where ctid = (select min(ctid) from plain where a = ${a} and v = '${v}' having count(*) > 1)`,
    `update parts set a = (a + 1) % 4 where ctid = (select min(ctid) from parts where a = ${a} having count(*) > 1)`,
  ],
  'all twins written': (a: number, v: string) => [
    `update plain set j = '{"n":  ${a}}' where a = ${a}`,
    `delete from plain where v = '${v}'`,
    `update parts set v = '${v}' where a = ${a}`,
  ],
  'rows inserted': (a: number, v: string) => [
    `insert into plain select ${a}, '${v}', null from generate_series(1, ${1 + a * 2})`,
    `insert into parts select g % 4, '${v}' from generate_series(1, ${a + 2}) g`,
    `insert into handed values (null, '${v}')`,
    `insert into handed values (${a * 7}, '${v}') on conflict do nothing`,
  ],
  'there and gone again': (a: number, v: string) => [
    `insert into plain values (${a}, '${v}', null); delete from plain where ctid = (select max(ctid) from plain where a = ${a} and v = '${v}' and j is null)`,
    `delete from plain where a = ${a} and j is null; insert into plain values (${a}, '${v}', null)`,
  ],
  'values handed on': (a: number) => [
    `update handed set n = n + 1`,
    `update handed set n = ${a + 100} - n`,
    `update handed set n = null where n < ${a}`,
  ],
  'many rows': (a: number, v: string) => [
    `insert into plain select g % 30, '${v}', '[1, 2]' from generate_series(1, 1500) g`,
    `delete from plain where a >= 4`,
    `update plain set v = '${v}' where a >= ${a}`,
  ],
  truncated: (a: number) => [
    `truncate plain; insert into plain values (${a}, 'x', null), (${a}, 'x', null)`,
    `truncate parts`,
    'truncate handed',
  ],
} satisfies Readonly<Record<string, (a: number, v: string) => readonly string[]>>;
type Kind = keyof typeof kinds;
const often: readonly Kind[] = [
  'one of twins deleted',
  'one of twins deleted',
  'one of twins updated',
  'one of twins updated',
  'all twins written',
  'rows inserted',
  'rows inserted',
  'rows inserted',
  'there and gone again',
  'values handed on',
];

type Counts = Record<string, number>;

/** Transactions of a few statements, one in six rolled back; what fails is the application's own affair. */
async function write(
  session: Session,
  random: (below: number) => number,
  counts: Counts,
  isOver: () => boolean,
): Promise<void> {
  while (!isOver()) {
    const done: Kind[] = [];
    try {
      await session.execute('begin');
      for (let n = random(4); n >= 0; n -= 1) {
        const rare = random(60);
        const kind =
          rare === 0
            ? 'truncated'
            : rare === 1
              ? 'many rows'
              : (often[random(often.length)] ?? 'rows inserted');
        const choices = kinds[kind](random(4), ['x', 'y', 'a "(,\\'][random(3)] ?? '');
        const text = choices[random(choices.length)] ?? '';
        // Of several statements, and of a TRUNCATE, nothing tells how many rows they have touched.
        const touched = await session.execute(text);
        if (touched > 0 || /;|truncate/.test(text)) done.push(kind);
      }
      await session.execute(random(6) === 0 ? 'rollback' : 'commit');
      for (const kind of done) counts[kind] = (counts[kind] ?? 0) + 1;
    } catch {
      await session.execute('rollback');
    }
    await new Promise((resolve) => setTimeout(resolve, random(4)));
  }
}

async function prepare(pair: Pair): Promise<void> {
  for (const [table, sides] of Object.entries(tables)) {
    await pair.provider.execute(sides.there);
    await pair.subscriber.execute('here' in sides ? sides.here : sides.there);
    await addFullRow(pair.provider, pair.name.queue, table);
  }
}

/** A tick and what was there; tried again where a writer and the recorder wait for each other's tables. */
async function record(pair: Pair, reader: Session): Promise<{ tick: number; digest: string }> {
  for (;;) {
    try {
      const names = Object.keys(tables);
      const there = await recordTick(pair.name.queue, { reader, other: pair.provider }, names);
      if (there === undefined) throw new Error('somebody else ticks');
      return there;
    } catch (error) {
      if (!(error instanceof LondisteError) || error.kind !== 'busy') throw error;
    }
  }
}

const long = process.env['LONDISTE_TEST_LONG'] === '1';
const only = process.env['LONDISTE_TEST_SEED'];
const seeds = only === undefined ? Array.from({ length: long ? 60 : 6 }, (_, n) => n + 1) : [Number(only)];
/** All at once, dozens of rows a chunk, as good as each row a chunk. */
const memories = [24 * 1024 * 1024, 20_000, 10_000];
const ticks = 25;

test.each([
  ['oldest', 'newest'],
  ['newest', 'oldest'],
] as const)('from %s to %s', { timeout: long ? 3_600_000 : 240_000 }, async (from, to) => {
  const pair = await createPair(from, to);
  await prepare(pair);
  const notes = memoryLog();
  const counts: Counts = Object.fromEntries(Object.keys(kinds).map((kind) => [kind, 0]));
  Object.assign(counts, { ticks: 0, twins: 0, chunks: 0, staged: 0 });
  const add = (what: string, by: number): void => {
    counts[what] = (counts[what] ?? 0) + by;
  };
  const names = Object.keys(tables);
  await using reader = await open(pair.providerSettings, 'recorder');
  for (const seed of seeds) {
    const memoryBytes = memories[seed % memories.length] ?? 10_000;
    const replay = Daemons.replay(pair, {
      memoryBytes,
      log: notes.log,
      onBatch: ({ chunks, staged }) => {
        add('chunks', chunks - 1);
        add('staged', staged);
      },
    });
    if (seed === seeds[0]) await followByHand(pair, names);
    let isOver = false;
    const sessions = await Promise.all([1, 2].map((n) => open(pair.providerSettings, `writer ${n}`)));
    const writers = sessions.map((session, n) =>
      write(session, randomFrom(seed * 10 + n), counts, () => isOver),
    );
    try {
      for (let n = 0; n < ticks; n += 1) {
        const there = await record(pair, reader);
        await reach(pair, there.tick, 60_000);
        expect(await stateAt(pair, pair.subscriber, names), `seed ${seed}, tick ${there.tick}`).toEqual(
          there,
        );
        const { twins } = await pair.subscriber.one<{ twins: number }>(
          `select count(*)::int as twins from (select from plain group by a, v, j::text having count(*) > 1) as t`,
        );
        add('ticks', 1);
        add('twins', twins);
      }
    } finally {
      isOver = true;
      await Promise.all(writers);
      await Promise.all(sessions.map((session) => session.end()));
    }
    await reach(pair, await tickNow(pair.provider, pair.name.queue));
    expect(await digest(pair.subscriber, names), `seed ${seed}`).toBe(await digest(pair.provider, names));
    await replay.stop();
  }
  console.log(`${from} to ${to}: seeds ${seeds[0]}..${seeds.at(-1)}, ${JSON.stringify(counts)}`);
  expect(Object.entries(counts).filter(([, count]) => count === 0)).toEqual([]);
  expect(notes.lines.filter((line) => /^(warn|error)/.test(line))).toEqual([]);
});
