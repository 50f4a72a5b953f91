/** P5 for resync: the daemon is killed at every moment of it, and the subscriber's server crashes with it now and then; each way of resync comes through. */
import { appendFileSync } from 'node:fs';
import { expect, test } from 'vitest';
import { createDatabase, open, type Which } from '../support/databases.js';
import { becomeEqual } from '../support/equality.js';
import { eventually } from '../support/eventually.js';
import { Installation } from '../support/installation.js';
import { ownServer } from '../support/own-server.js';
import { fingerprint } from '../support/pair.js';

const here = ownServer('newest');
const provider: Which = 'oldest';

/** All moments of every way; else all of --shadow, and of the others those that are theirs. */
const isLong = process.env['LONDISTE_TEST_LONG'] !== undefined;

/** Where a copy that leaves rows alone can die. */
const copying = [
  'copy.snapshot-taken',
  'copy.range-landed-not-committed=kill:3',
  'copy.landed',
  'copy.caught-up',
];

const wrong = (rows: string): string =>
  `update entry set item = 'wrong' where ${rows}; delete from entry where id % 100 = 0 and ${rows}`;

/** Ways of resync, what is wrong before, and where replay is killed. */
const ways = [
  {
    flags: '--shadow',
    spoil: wrong('true'),
    moments: [...copying, 'copy.range-landed=kill:3', 'replay.difference-made'],
  },
  {
    flags: '--where id%2=0',
    spoil: wrong('id % 2 = 0'),
    moments: isLong ? [...copying, 'copy.definition-built'] : ['copy.landed', 'copy.definition-built'],
  },
  {
    flags: '--skip-truncate',
    spoil: wrong('id % 3 = 0'),
    moments: isLong ? [...copying, 'copy.definition-built'] : ['copy.range-landed-not-committed=kill:3'],
  },
  {
    flags: '--expect-sync',
    spoil: '',
    moments: isLong
      ? ['replay.fetched', 'replay.applied-not-committed', 'replay.committed-not-finished']
      : ['replay.applied-not-committed'],
  },
] as const;

test.each(ways)('resync $flags', { timeout: 480_000 }, async ({ flags, spoil, moments }) => {
  const sides = {
    provider: await createDatabase(provider),
    subscriber: await createDatabase({ port: here().port }),
  };
  const user = new Installation(sides.provider, sides.subscriber);
  const table = 'create table entry (id int primary key, code int unique, item text)';
  for (const settings of [sides.provider, sides.subscriber]) {
    await using session = await open(settings);
    await session.execute(table);
    if (settings === sides.subscriber) await session.execute('create index on entry (item)');
    else
      await session.execute(
        `insert into entry select n, n, repeat('x', 60) || n from generate_series(1, 8000) n`,
      );
  }
  const replay = 'londiste replica.ini replay -d';
  const settings = { LONDISTE_COPY_RANGE_SIZE: '64kB' };
  await user.replicate({ replay: settings });
  const state = async (): Promise<string | undefined> => {
    await using session = await open(sides.subscriber);
    return (await session.one<{ state: string }>('select state from londiste.table_state')).state;
  };
  const rows = async (): Promise<string> => {
    await using session = await open(sides.subscriber);
    return await fingerprint(session, 'entry');
  };
  await eventually(state, 'ok', 30_000);

  const writing = new AbortController();
  const load = write(sides.provider, writing.signal);
  const hits = new Map<string, number>();
  for (const [n, moment] of moments.entries()) {
    await user.stop('lmaster_to_slave');
    {
      await using session = await open(sides.subscriber);
      if (spoil !== '') await session.execute(spoil);
    }
    const old = await rows();
    await user.must(`londiste replica.ini subscriber resync entry ${flags}`);
    const tap = moment.includes('=') ? moment : `${moment}=kill`;
    await user.must(replay, { ...settings, LONDISTE_TAP: tap });
    await user.gone('lmaster_to_slave');
    // The moment writes its name before it kills.
    const name = moment.replace(/=.*/, '');
    expect(user.log('lmaster_to_slave').trimEnd().split('\n').at(-1)).toContain(`tap ${name}`);
    appendFileSync(`${user.folder}/lmaster_to_slave.log`, '\n');
    hits.set(name, (hits.get(name) ?? 0) + 1);
    if (n % 2 === 0) {
      await here().stop('immediate');
      await here().start();
      hits.set('crash of the server', (hits.get('crash of the server') ?? 0) + 1);
    }
    if (flags === '--shadow') expect(await rows()).toBe(old);
    await user.must(replay, settings);
    await eventually(state, 'ok', 40_000);
  }
  writing.abort();
  const written = await load;
  await becomeEqual(sides);
  console.log(
    `resync ${flags}: ${written} transactions written, killed at ${[...hits].map(([name, count]) => `${name}: ${count}`).join(', ')}`,
  );
  for (const moment of moments) expect(hits.get(moment.replace(/=.*/, ''))).toBeGreaterThan(0);
  expect(hits.get('crash of the server')).toBeGreaterThan(0);
  expect(written).toBeGreaterThan(20);
  await using subscriber = await open(sides.subscriber);
  const left = `select relname from pg_class where relnamespace = 'londiste'::regnamespace and relname like 'shadow%'`;
  await eventually(() => subscriber.query(left), []);
  expect(await subscriber.query(`select from pg_index where indrelid = 'entry'::regclass`)).toHaveLength(3);
  await user.stop();
});

/** Changes of every kind, a few at a time, until told to stop; returns how many transactions. */
async function write(settings: Parameters<typeof open>[0], stop: AbortSignal): Promise<number> {
  await using session = await open(settings);
  let n = 0;
  for (; !stop.aborted; n += 1) {
    const id = 1 + ((n * 37) % 8000);
    await session.execute(
      `begin; update entry set item = 'changed ${n}' where id = ${id}; delete from entry where id = ${id + 1};
       insert into entry values (${10_000 + n}, ${10_000 + n}, 'new'); commit`,
    );
    await new Promise((resolve) => setTimeout(resolve, 15));
  }
  return n;
}
