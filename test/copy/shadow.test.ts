/** `resync --shadow`: readers keep the old rows until one transaction makes the table equal to the new ones. */
import { describe, expect, test } from 'vitest';
import { arm, disarmAll } from '../../src/kernel/tap.js';
import { superuser } from '../../src/embedded/server.js';
import { resyncTables } from '../../src/setup/resync.js';
import { open } from '../support/databases.js';
import { definitionsOf } from '../support/definitions.js';
import { eventually } from '../support/eventually.js';
import { fingerprint } from '../support/pair.js';
import { useEntry, type Entry } from './entry.js';

const entryOf = useEntry();

/** Which file the rows lie in, what it is called inside, who may read it, and all that hangs on it. */
async function identityOf(entry: Entry): Promise<unknown> {
  const itself = await entry.pair.subscriber.one(
    `select oid::int, relfilenode::int, relacl::text, obj_description(oid, 'pg_class') as comment from pg_class where oid = 'entry'::regclass`,
  );
  return { itself, definitions: await definitionsOf(entry.pair.subscriber, 'entry') };
}

/** Rows are wrong, missing, and too many. */
const spoil = `update entry set item = 'wrong' where id between 1 and 299; delete from entry where id between 400 and 450;
  insert into entry select -n, 5000000 + n, 'only here' from generate_series(1, 100) n`;

describe.each([
  ['in ranges', { copyRangeBytes: 64 * 1024 }],
  ['in ranges under several snapshots', { copyRangeBytes: 64 * 1024, copySnapshot: 'range' }],
  ['whole', { copyRangeBytes: 64 * 1024 * 1024 }],
] as const)('%s', (_, settings) => {
  test('readers see the old rows or the new ones of a tick, and the table stays the same one', async () => {
    const entry = entryOf();
    // Who may keep triggers and foreign keys from acting.
    const mighty = { ...entry.pair.subscriberSettings, user: superuser };
    await entry.startCopied({ ...settings, subscriber: mighty });
    const { subscriber } = entry.pair;
    await subscriber.execute(
      `create table child (id int primary key, code int references entry (code) on delete cascade);
       insert into child select n, -n from generate_series(400, 420) n;
       create table parent (id int primary key);
       create view newest as select id, item from entry where id > 100;
       create function refuse() returns trigger language plpgsql as 'begin raise exception ''fired''; end';
       create trigger fires before insert or update or delete on entry for each row execute function refuse();
       comment on table entry is 'kept'; grant select on entry to public`,
    );
    await subscriber.execute(
      `alter table entry disable trigger fires; ${spoil.replace('delete from entry where id between 400 and 450;', '')}; alter table entry enable trigger fires`,
    );
    const before = await identityOf(entry);
    const old = await fingerprint(subscriber, 'entry');

    const states = new Map<string, number>();
    const change = async (round: number): Promise<void> => {
      await using session = await open(entry.pair.providerSettings);
      await session.execute(
        `begin; update entry set item = item || '${round}' where id % 7 = ${round % 7};
         delete from entry where id % 500 = ${round};
         insert into entry select ${100_000 + round * 1000} + n, ${round * 1000} + n, 'new' from generate_series(1, 100) n;
         update entry set code = code - 1000000 where id between 500 and 600;
         update entry set code = -(1100 - (-code - 1000000)) - 2000000 where code < -1000000;
         update entry set code = code + 2000000 where code < -1000000;
         update entry set id = id + 1000000 where id = (select min(id) from entry); commit`,
      );
      states.set(await fingerprint(session, 'entry'), round);
    };
    await using reader = await open(entry.pair.subscriberSettings);
    const seen: string[] = [];
    const reads = new AbortController();
    const reading = (async () => {
      while (!reads.signal.aborted && !reader.closed) seen.push(await fingerprint(reader, 'entry'));
    })();
    let round = 0;
    let taps = 0;
    const written: Promise<void>[] = [];
    for (const moment of [
      'copy.snapshot-taken',
      'copy.range-landed',
      'copy.landed',
      'copy.caught-up',
      'replay.difference-made',
    ] as const)
      arm(moment, async () => {
        taps += 1;
        if (moment === 'copy.range-landed' && taps % 8 !== 0) return;
        round += 1;
        const mine = (written.at(-1) ?? Promise.resolve()).then(() => change(round));
        written.push(mine);
        // What is written before the difference is made known waits for a later batch.
        if (moment !== 'replay.difference-made') await mine;
      });
    await resyncTables(entry.ends, ['entry'], { shadow: true });
    await entry.isOk();
    disarmAll();
    await Promise.all(written);
    await change((round += 1));
    await entry.isEqual();
    reads.abort();
    await reading;

    const news = seen.filter((one) => one !== old).map((one) => states.get(one));
    console.log(
      `${round} rounds of changes, ${seen.length} reads: ${seen.length - news.length} of the old rows, ${news.length} of new ones`,
    );
    expect(news).not.toContain(undefined);
    expect(news).toEqual([...news].sort((a, b) => (a ?? 0) - (b ?? 0)));
    expect(seen.indexOf(old)).toBe(0);
    expect(seen.length - news.length).toBeGreaterThan(2);
    expect(news.length).toBeGreaterThan(0);
    expect(seen.lastIndexOf(old)).toBe(seen.length - news.length - 1);
    expect(await identityOf(entry)).toEqual(before);
    expect(await subscriber.query('select from child')).toHaveLength(21);
    await eventually(entry.shadows, []);
    // And is replicated as before.
    await change(round + 1);
    await entry.isEqual();
  });
});
