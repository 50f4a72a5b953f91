/** P5, I2, I3: SIGKILL at any instant, under load; equal at the end, and nothing twice. */
import { appendFileSync } from 'node:fs';
import { expect, test } from 'vitest';
import { createDatabase, open } from '../support/databases.js';
import { becomeEqual } from '../support/equality.js';
import { Installation } from '../support/installation.js';

/** Where replay is killed by itself, and how often: between its two commits above all. */
const ownKills = [
  ...Array<string>(6).fill('replay.committed-not-finished'),
  ...Array<string>(2).fill('replay.applied-not-committed'),
  ...Array<string>(2).fill('replay.fetched'),
  ...Array<string>(2).fill('replay.finished'),
];

/** How often both replay and the ticker are killed from outside at a moment of nobody's choosing. */
const outsideKills = 5;

test('kills under load', { timeout: 180_000 }, async () => {
  const sides = { provider: await createDatabase('oldest'), subscriber: await createDatabase('newest') };
  const user = new Installation(sides.provider, sides.subscriber);
  await user.createEntry();
  {
    // Every row that replay inserts leaves a trace, so that one that came twice would show although the key is unique.
    await using subscriber = await open(sides.subscriber);
    await subscriber.execute(`create table trace (id int, at timestamptz default clock_timestamp());
      create function note() returns trigger language plpgsql as $$begin insert into public.trace values (new.id); return null; end$$;
      create trigger note after insert on entry for each row execute function note();
      alter table entry enable always trigger note`);
  }
  await user.replicateEntry();

  const writing = new AbortController();
  const load = write(sides.provider, writing.signal);
  const hits = new Map<string, number>();
  const hit = (moment: string): void => {
    hits.set(moment, (hits.get(moment) ?? 0) + 1);
  };
  await user.stop('lmaster_to_slave');
  for (const moment of ownKills) {
    await user.must('londiste replica.ini replay -d', { LONDISTE_TAP: `${moment}=kill:3` });
    await user.gone('lmaster_to_slave');
    // The moment writes its name before it kills.
    expect(user.log('lmaster_to_slave').trimEnd().split('\n').at(-1)).toContain(`tap ${moment}`);
    appendFileSync(`${user.folder}/lmaster_to_slave.log`, '\n');
    hit(moment);
  }
  await user.must('londiste replica.ini replay -d');
  for (let n = 0; n < outsideKills; n += 1) {
    await new Promise((resolve) => setTimeout(resolve, 100 + 57 * n));
    user.kill('lmaster_to_slave');
    hit('replay, anywhere');
    user.kill('ticker');
    hit('ticker, anywhere');
    await user.gone('ticker');
    await user.gone('lmaster_to_slave');
    await Promise.all([
      user.must('pgqadm ticker.ini ticker -d'),
      user.must('londiste replica.ini replay -d'),
    ]);
  }
  writing.abort();
  const written = await load;
  await becomeEqual(sides, { sequence: 'entry_id_seq' });

  const total = [...hits.values()].reduce((sum, count) => sum + count, 0);
  console.log(
    `${total} kills while ${written} transactions were written: ${[...hits].map(([moment, count]) => `${moment} ${count}`).join(', ')}`,
  );
  expect(total).toBeGreaterThanOrEqual(20);
  expect(hits.get('replay.committed-not-finished')).toBeGreaterThanOrEqual(5);
  await using subscriber = await open(sides.subscriber);
  const twice = await subscriber.query('select id from trace group by id having count(*) > 1');
  expect(twice).toEqual([]);
  const { traced } = await subscriber.one<{ traced: number }>('select count(*)::int as traced from trace');
  expect(traced).toBeGreaterThan(written);
  await user.stop();
});

test('kills in the middle of batches that do not fit into memory', { timeout: 180_000 }, async () => {
  const sides = { provider: await createDatabase('newest'), subscriber: await createDatabase('oldest') };
  const user = new Installation(sides.provider, sides.subscriber);
  await user.createEntry();
  await user.replicateEntry();
  // One table's rows are written chunk by chunk, the other's wait for the end: it has another unique index.
  await using provider = await open(sides.provider);
  const hits = new Map<string, number>();
  for (const unique of [false, true]) {
    if (unique) {
      await using subscriber = await open(sides.subscriber);
      await subscriber.execute('create unique index on entry (item)');
    }
    for (const moment of [
      'replay.fetched',
      'replay.chunk-applied',
      'replay.applied-not-committed',
      'replay.committed-not-finished',
    ]) {
      await user.stop('lmaster_to_slave');
      await provider.execute(`insert into entry (item) select gen_random_uuid() from generate_series(1, 4000);
        update entry set item = gen_random_uuid() where id % 3 = 0; delete from entry where id % 7 = 0`);
      const visit = moment === 'replay.chunk-applied' ? 4 : 1;
      await user.must('londiste replica.ini replay -d', {
        LONDISTE_TAP: `${moment}=kill:${visit}`,
        LONDISTE_REPLAY_MEMORY: '64kB',
      });
      await user.gone('lmaster_to_slave');
      expect(user.log('lmaster_to_slave').trimEnd().split('\n').at(-1)).toContain(`tap ${moment}`);
      appendFileSync(`${user.folder}/lmaster_to_slave.log`, '\n');
      hits.set(moment, (hits.get(moment) ?? 0) + 1);
      await user.must('londiste replica.ini replay -d', { LONDISTE_REPLAY_MEMORY: '64kB' });
      await becomeEqual(sides, { sequence: 'entry_id_seq' });
    }
  }
  console.log(`kills in the middle: ${[...hits].map(([moment, count]) => `${moment} ${count}`).join(', ')}`);
  await user.stop();
});

/** Inserts rows, each once and under a key of its own, and changes some, until stopped. */
async function write(settings: Parameters<typeof open>[0], stop: AbortSignal): Promise<number> {
  await using provider = await open(settings, 'load');
  let transactions = 0;
  for (; !stop.aborted; transactions += 1) {
    await provider.execute(`insert into entry (item) values ('a'), ('b')`);
    await provider.execute(`update entry set item = item || 'x' where id = (select max(id) - 5 from entry)`);
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
  return transactions;
}
