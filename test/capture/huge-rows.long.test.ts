/**
 * Rows of which the text exceeds 1 GB: the server stores them, and no event can carry them. The application notices nothing,
 * and the table parks with the reason. Those that are a little smaller arrive. By `npm run test:long` only: many gigabytes
 * are written.
 */
import { beforeAll, describe, expect, test } from 'vitest';
import type { Session } from '../../src/db/session.js';
import { addProviderTables } from '../../src/setup/provider.js';
import { resyncTables } from '../../src/setup/resync.js';
import { listTables } from '../../src/setup/subscriber-tables.js';
import { servers } from '../support/capture-form.js';
import { eventually } from '../support/eventually.js';
import { followByHand, reach, tickNow } from '../support/hand-ticks.js';
import { createPair, Daemons, type Pair } from '../support/pair.js';

/** Each takes two characters: a value that fits, and two of them make a row too long. */
const bytes = `convert_to(repeat('x', 270000000), 'UTF8')`;
const quotes = '"'.repeat(270_000_000);
const tooLarge = `v = ${bytes}, w = ${bytes}`;

const batchMs = 120_000;

interface Case {
  readonly before?: string;
  readonly write: string | { readonly copy: string; readonly data: () => Buffer[] };
  readonly says: string;
  /** Where capture by row asks the table for what it holds now. */
  readonly saysByRow?: string;
}

/** An event instead of the row's. */
const lost = (what: string): string => `${what} of a row that no event can carry`;
/** The row's event without it. */
const empty = 'holds no row: its text is too large';

/** Each begins with the row (1, 'small'). */
const cases: Readonly<Record<string, Case>> = {
  INSERT: {
    write: `insert into huge (id, v, w) values (2, 'small', 'small'), (3, ${bytes}, ${bytes})`,
    says: lost('INSERT'),
  },
  UPDATE: { write: `update huge set ${tooLarge}`, says: lost('UPDATE') },
  'UPDATE of the key': {
    write: `update huge set id = 7, ${tooLarge}`,
    says: lost('UPDATE'),
    saysByRow: empty,
  },
  COPY: {
    write: {
      copy: 'copy huge (id, t, u) from stdin',
      data: () => [
        Buffer.from('5\t'),
        Buffer.from(quotes),
        Buffer.from('\t'),
        Buffer.from(quotes),
        Buffer.from('\n'),
      ],
    },
    says: lost('INSERT'),
  },
  // What the statement itself writes is small; what the table holds when it is captured is not.
  'UPDATE by a trigger of a small UPDATE': {
    before: `create function grow() returns trigger language plpgsql as $$ begin
        if pg_trigger_depth() = 1 then update huge set ${tooLarge} where id = new.id; end if; return null; end $$;
      create trigger a_grow after update on huge for each row when (new.t = 'grows') execute function grow()`,
    write: `update huge set t = 'grows'`,
    says: lost('UPDATE'),
  },
  'UPDATE after an ALTER': {
    before: 'alter table huge add column n int',
    write: `update huge set ${tooLarge}`,
    says: lost('UPDATE'),
  },
};

function rows(session: Session, table: string): Promise<readonly object[]> {
  return session.query(
    `select octet_length(v) as v, octet_length(w) as w, md5(v) as mv, md5(w) as mw from ${table} order by 1, 2, 3, 4`,
  );
}

async function become(pair: Pair, state: string, table: string): Promise<void> {
  await eventually(
    async () => {
      await tickNow(pair.provider, pair.name.queue);
      return (await listTables(pair.subscriber, pair.name)).find(({ name }) => name === table)?.state;
    },
    state,
    batchMs,
  );
}

async function parksWith(pair: Pair, says: string, table: string): Promise<void> {
  await reach(pair, await tickNow(pair.provider, pair.name.queue), batchMs);
  const parked = (await listTables(pair.subscriber, pair.name)).find(({ name }) => name === table);
  expect(parked?.error).toContain(says);
  expect(parked?.errorHint).toContain('subscriber resync');
}

describe.each(servers)('%s server, capture by %s', (which, capture) => {
  let pair: Pair;

  beforeAll(async () => {
    pair = await createPair(which, which);
    const { provider, subscriber, name } = pair;
    for (const session of [provider, subscriber])
      await session.execute(`create table huge (id int primary key, v bytea, w bytea, t text, u text);
        create table bag (v bytea, w bytea);
        alter table huge alter v set storage external, alter w set storage external;
        alter table bag alter v set storage external, alter w set storage external`);
    await provider.execute(`insert into bag values ('small', 'small'), (${bytes}, ${bytes})`);
    await addProviderTables(provider, name.queue, ['huge'], { capture });
    await addProviderTables(provider, name.queue, ['bag'], { capture, identity: 'full' });
    Daemons.replay(pair, { loopDelayMs: 20 });
    await followByHand(pair, ['huge', 'bag']);
  }, batchMs);

  test.each(Object.entries(cases))(
    '%s',
    { timeout: 2 * batchMs },
    async (_, { before, write, says, saysByRow = says }) => {
      const { provider, subscriber } = pair;
      await provider.execute(`delete from huge; insert into huge (id, v) values (1, 'small')`);
      if (before !== undefined) await provider.execute(before);
      if (before?.startsWith('alter') === true) await subscriber.execute(before);
      if (typeof write === 'string') await provider.execute(write);
      else await provider.copyIn(write.copy, write.data());
      await parksWith(pair, capture === 'row' ? saysByRow : says, 'public.huge');
      // Rows that have become small are carried again.
      await provider.execute(`update huge set v = 'small again', w = null, t = null, u = null`);
      await resyncTables(pair.ends, ['huge']);
      await become(pair, 'ok', 'public.huge');
      expect(await rows(subscriber, 'huge')).toEqual(await rows(provider, 'huge'));
    },
  );

  test('DELETE of a row without a key', { timeout: 2 * batchMs }, async () => {
    const { provider, subscriber } = pair;
    expect(await rows(subscriber, 'bag')).toEqual(await rows(provider, 'bag'));
    await provider.execute(`delete from bag where v <> 'small'`);
    await parksWith(pair, lost('DELETE'), 'public.bag');
    await resyncTables(pair.ends, ['bag']);
    await become(pair, 'ok', 'public.bag');
    expect(await rows(subscriber, 'bag')).toEqual(await rows(provider, 'bag'));
  });
});

describe.each([
  ['oldest', 'row'],
  ['newest', 'statement'],
] as const)('%s server, capture by %s, less than 1 GB', (which, capture) => {
  test('arrives, unless COPY cannot send it: then its table parks', { timeout: 5 * batchMs }, async () => {
    const pair = await createPair(which, which);
    const { provider, subscriber, name } = pair;
    for (const session of [provider, subscriber])
      await session.execute(`create table huge (id int primary key, v text, w text); create table other (id int primary key);
        alter table huge alter v set storage external`);
    await addProviderTables(provider, name.queue, ['huge', 'other'], { capture });
    Daemons.replay(pair, { loopDelayMs: 20 });
    await followByHand(pair, ['huge', 'other']);
    await provider.execute(`insert into huge values (1, repeat('x', 600000000))`);
    await reach(pair, await tickNow(provider, name.queue), batchMs);
    expect(await rows(subscriber, 'huge')).toEqual(await rows(provider, 'huge'));

    // Its text is as long, and COPY writes each newline as two characters.
    await provider.execute(`update huge set v = repeat(e'\\n', 600000000); insert into other values (1)`);
    await parksWith(pair, empty, 'public.huge');
    expect(await subscriber.query('select id from other')).toEqual([{ id: 1 }]);
    expect((await listTables(subscriber, name)).map(({ state }) => state)).toEqual(['parked', 'ok']);
  });
});
