/** The seed's walkthrough, in its order, each command as it stands there. */
import { Readable } from 'node:stream';
import { describe, expect, test } from 'vitest';
import { createDatabase, open } from '../support/databases.js';
import { becomeEqual } from '../support/equality.js';
import { eventually } from '../support/eventually.js';
import { Installation } from '../support/installation.js';
import { oneWay } from '../support/ways.js';

const entry = 'create table entry (id serial primary key, item text)';

describe.each(oneWay('there'))('from %s to %s', (from, to) => {
  test('the walkthrough', { timeout: 120_000 }, async () => {
    const sides = { provider: await createDatabase(from), subscriber: await createDatabase(to) };
    const user = new Installation(sides.provider, sides.subscriber);
    await using provider = await open(sides.provider);
    await using subscriber = await open(sides.subscriber);
    await provider.execute(entry);
    await subscriber.execute(entry);
    await provider.execute(`insert into entry (item) select 'old ' || n from generate_series(1, 100) n`);
    await subscriber.execute(`insert into entry values (-1, 'must go')`);

    // The ticker is started before there is anything to tick.
    await user.must('pgqadm ticker.ini ticker -d');
    await eventually(() => user.log('ticker').includes('waiting'), true);
    await user.must('londiste replica.ini provider install');
    await user.must('londiste replica.ini subscriber install');
    await user.must('londiste replica.ini replay -d');
    await user.must('londiste replica.ini provider add entry');
    await user.must('londiste replica.ini provider add-seq entry_id_seq');
    await user.must('londiste replica.ini subscriber add entry');
    await user.must('londiste replica.ini subscriber add-seq entry_id_seq');
    await eventually(
      async () => (await user.must('londiste replica.ini subscriber tables')).includes(' ok'),
      true,
    );

    // Rows that existed before, then changes, then the sequence.
    const all = { sequence: 'entry_id_seq' };
    await becomeEqual(sides, all);
    await provider.execute(
      `insert into entry (item) values ('new'), (null), (''), (e'tab\\tquote"backslash\\\\')`,
    );
    await provider.execute(`update entry set item = upper(item) where id % 3 = 0`);
    await provider.execute('delete from entry where id % 5 = 0');
    await becomeEqual(sides, all);
    await provider.execute(`select nextval('entry_id_seq') from generate_series(1, 10)`);
    await becomeEqual(sides, all);

    expect(await user.must('londiste replica.ini provider tables')).toBe('public.entry\n');
    expect(await user.must('londiste replica.ini provider seqs')).toBe('public.entry_id_seq\n');
    expect(await user.must('londiste replica.ini subscriber seqs')).toBe('public.entry_id_seq\n');
    expect(await user.must('londiste replica.ini subscriber missing')).toBe('');
    await user.must('londiste replica.ini subscriber check');
    expect(await user.must('pgqadm ticker.ini status')).toContain('lmaster_to_slave');

    // The seed's way to force a resync does nothing in the original; here it says what to type.
    expect(await user.refused('londiste replica.ini subscriber resync -v --force')).toContain(
      'subscriber resync --all',
    );
    await subscriber.execute('delete from entry where id < 50');
    await user.must('londiste replica.ini subscriber resync -v --force --all');
    await becomeEqual(sides, all);

    await user.must('londiste replica.ini replay -s');
    await user.must('pgqadm ticker.ini ticker -s');
    expect([user.pid('ticker'), user.pid('lmaster_to_slave')]).toEqual([undefined, undefined]);
  });
});

describe.each(oneWay('back'))('from %s to %s', (from, to) => {
  test('resync of one table and of all, under load', { timeout: 120_000 }, async () => {
    const sides = { provider: await createDatabase(from), subscriber: await createDatabase(to) };
    const user = new Installation(sides.provider, sides.subscriber);
    await user.createEntry();
    await user.replicateEntry();
    const loading = new AbortController();
    const load = (async () => {
      await using writer = await open(sides.provider, 'load');
      let written = 0;
      for (; !loading.signal.aborted; written += 1) {
        await writer.execute(`insert into entry (item) values ('${written}'); update entry set item = item || '.' where id % 50 = ${written % 50};
          delete from entry where id % 97 = ${written % 97}`);
      }
      return written;
    })();
    for (const what of ['--all', 'entry', '--all', 'entry']) {
      await user.must(`londiste replica.ini subscriber resync ${what}`);
      await eventually(
        async () => (await user.must('londiste replica.ini subscriber tables')).includes(' ok'),
        true,
      );
    }
    loading.abort();
    console.log(`4 resyncs while ${await load} transactions were written`);
    await becomeEqual(sides, { sequence: 'entry_id_seq' });
    await user.stop();
  });

  test('every kind of statement', { timeout: 120_000 }, async () => {
    const sides = { provider: await createDatabase(from), subscriber: await createDatabase(to) };
    const user = new Installation(sides.provider, sides.subscriber);
    await using provider = await open(sides.provider);
    await using subscriber = await open(sides.subscriber);
    await provider.execute(entry);
    await subscriber.execute(entry);
    await user.replicateEntry();

    const statements = [
      `insert into entry (item) select 'row ' || n from generate_series(1, 500) n`,
      `update entry set item = item || ' changed' where id % 2 = 0`,
      'delete from entry where id % 7 = 0',
      'update entry set id = id + 1000000',
      'update entry set id = -id',
      `begin; insert into entry values (1, 'kept'); savepoint s; update entry set item = 'lost'; rollback to s; insert into entry values (2, 'kept too'); commit`,
      `insert into entry values (1, 'conflict'), (3, 'fresh') on conflict (id) do update set item = excluded.item`,
      `insert into entry values (1, 'ignored') on conflict do nothing`,
      'begin; truncate entry restart identity; insert into entry (item) values (1), (2); commit',
      'truncate entry',
      `insert into entry (item) select repeat('x', n) from generate_series(1, 300) n`,
    ];
    if (provider.major >= 15) {
      statements.push(
        `merge into entry e using (select generate_series(250, 400) as id) s on e.id = s.id
           when matched and e.id % 2 = 0 then delete when matched then update set item = 'merged' when not matched then insert values (s.id, 'inserted')`,
      );
    }
    for (const statement of statements) {
      await provider.execute(statement);
      await becomeEqual(sides, { sequence: 'entry_id_seq' });
    }
    const rows = Buffer.from(
      Array.from({ length: 1000 }, (_, n) => `${10_000 + n}\tcopied\\t${n}\n`).join(''),
    );
    await provider.copyIn('copy entry from stdin', Readable.from([rows]));
    await becomeEqual(sides, { sequence: 'entry_id_seq' });

    await user.stop();
  });
});
