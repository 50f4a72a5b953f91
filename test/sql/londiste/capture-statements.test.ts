import { describe, expect, it } from 'vitest';
import type { Session } from '../../../src/db/session.js';
import { open, type Which } from '../../support/databases.js';
import { allEvents, createProvider, openReader, queue, Replica } from '../../support/replica.js';

/** A statement of every kind that can change a table, run on a table of three rows that is captured. */
const statements: Record<string, string | { sql: string; since: number }> = {
  insert: `insert into entry (item) values ('x'), ('y')`,
  'insert ... select of its own rows': `insert into entry (item) select item from entry`,
  update: `update entry set item = item || '!' where id < 3`,
  'update of the whole key': `update entry set id = id + 1000000`,
  'update that turns keys round': `update entry set id = id + 1000000; update entry set id = -id`,
  'update that swaps two keys': `update entry set id = -id where id < 3;
     update entry set id = case id when -1 then 2 else 1 end where id < 0`,
  'update of nothing': `update entry set item = 'no' where false`,
  delete: `delete from entry where id = 2`,
  'delete and insert of a key': `delete from entry where id = 2; insert into entry values (2, 'back')`,
  truncate: `truncate entry`,
  'truncate and insert': `truncate entry; insert into entry (item) values ('after')`,
  'truncate ... restart identity': `truncate entry restart identity; insert into entry (item) values ('one again')`,
  'insert on conflict do update': `insert into entry values (2, 'new 2'), (20, 'x')
     on conflict (id) do update set item = excluded.item`,
  'insert on conflict that moves the key': `insert into entry values (2, 'new 2'), (20, 'x')
     on conflict (id) do update set id = excluded.id + 50`,
  'insert on conflict do nothing': `insert into entry values (2, 'new 2'), (20, 'x') on conflict do nothing`,
  merge: {
    sql: `merge into entry e using (values (1, 'one'), (2, null), (9, 'nine')) s (id, item) on e.id = s.id
          when matched and s.item is null then delete
          when matched then update set item = s.item
          when not matched then insert values (s.id, s.item)`,
    since: 15,
  },
  'two writing queries in one statement': `with gone as (delete from entry where id = 1 returning *),
       changed as (update entry set item = 'changed' where id = 2 returning *)
     insert into entry select id + 100, item from gone union all select id + 200, item from changed`,
  'update of an inserted and one of a deleted key in one statement': `with gone as (delete from entry where id = 1 returning *)
     update entry set id = entry.id + 10 from gone where entry.id = 3`,
  'a loop': `do $$ begin for n in 1..20 loop
       insert into entry values (100 + n, 'loop'); update entry set item = item || n where id = 100 + n % 7;
       delete from entry where id = 100 + n / 2; end loop; end $$`,
  'several statements in one message': `insert into entry values (7, 'x'); update entry set id = 8 where id = 7; delete from entry where id = 8;
     insert into entry values (7, 'again')`,
  'rolled back savepoint': `begin; insert into entry values (10, 'kept'); savepoint s; update entry set item = 'lost';
     delete from entry where id = 1; insert into entry values (11, 'lost'); rollback to s;
     update entry set item = 'kept too' where id = 2; commit`,
  'rolled back transaction': `begin; delete from entry; rollback; insert into entry values (12, 'x')`,
  'exception block': `do $$ begin
       insert into entry values (13, 'kept');
       begin insert into entry values (14, 'lost'); update entry set id = 1 where id = 2; exception when unique_violation then null; end;
       update entry set item = 'kept too' where id = 13; end $$`,
  'updatable view': `create view v_entry as select id, item from entry where id > 1;
     insert into v_entry values (30, 'by view'); update v_entry set id = 31 where id = 30; delete from v_entry where id = 2`,
  'rule that redirects': `create table inbox (id int, item text);
     create rule r as on insert to inbox do instead insert into entry values (new.id, new.item);
     insert into inbox values (40, 'by rule')`,
  'prepared statement': `prepare p (int) as update entry set id = id + $1 where id = 1; execute p (60); deallocate p`,
};

async function prepareTable(session: Session): Promise<void> {
  await session.execute(`create table entry (id serial primary key, item text)`);
  expect(await session.one('select londiste.provider_add_table($1, $2) as n', [queue, 'entry'])).toEqual({
    n: 1,
  });
  await session.execute(`insert into entry (item) values ('a'), ('b'), ('c')`);
}

async function expectCaptured(session: Session): Promise<void> {
  const replica = new Replica('public.entry', ['id']);
  await replica.apply(session, await allEvents(session, 'public.entry'));
  expect(replica.rows).toEqual(await replica.rowsOfTable(session));
}

describe.each(['oldest', 'newest'] as const)('capture of one statement, %s server', (which: Which) => {
  it.each([
    ['', 0],
    [', into an event table that the queue got later', 3],
  ])('leaves the same rows after every kind of statement%s', async (_, table) => {
    const settings = await createProvider(which);
    await using reader = await openReader(settings);
    await using session = await open(settings);
    await session.execute(`create table if not exists pgq.event_1_${table} () inherits (pgq.event_1);
      alter table pgq.event_1_${table} alter ev_id set default nextval('pgq.event_1_id_seq')`);
    for (const [name, statement] of Object.entries(statements)) {
      const { sql, since } = typeof statement === 'string' ? { sql: statement, since: 0 } : statement;
      if (session.major < since) continue;
      await session.execute(
        `drop table if exists entry cascade; delete from londiste.provider_table; truncate pgq.event_1`,
      );
      await prepareTable(session);
      await session.execute(`update pgq.queue set queue_cur_table = ${table}`);
      await session.execute(sql);
      await expect(expectCaptured(reader), name).resolves.toBeUndefined();
    }
  });

  it('writes COPY, an empty statement and a prepared transaction as what they are', async () => {
    const settings = await createProvider(which);
    await using reader = await openReader(settings);
    await using session = await open(settings);
    await prepareTable(session);
    const rows = Array.from({ length: 2000 }, (_, n) => `${n + 100}\trow ${n}\n`).join('');
    await session.copyIn('copy entry from stdin', toChunks(rows));
    await expectCaptured(reader);

    const before = (await allEvents(reader)).length;
    await session.execute(`update entry set item = 'x' where id = -1; delete from entry where false`);
    expect((await allEvents(reader)).length).toBe(before);

    await session.execute(`begin; update entry set id = -id where id < 110; prepare transaction 'capture'`);
    expect((await allEvents(reader)).length).toBe(before);
    await session.execute(`commit prepared 'capture'`);
    await expectCaptured(reader);
  });

  it('finds the keys that a large UPDATE gave up, whatever statement the plan was made for', async () => {
    const settings = await createProvider(which);
    await using session = await open(settings);
    const keys = {
      'as values': 'id int primary key, item text',
      'as text': 'id numeric primary key, item text',
      'of several columns': 'id int, item text not null, primary key (item, id)',
    };
    for (const [name, columns] of Object.entries(keys)) {
      await session.execute(`drop table if exists entry; delete from londiste.provider_table; truncate pgq.event_1;
        create table entry (${columns}); select londiste.provider_add_table('${queue}', 'entry');
        insert into entry select n, 'item' from generate_series(1, 100000) n; set work_mem = '1MB';
        update entry set id = -1 where id = 1`);
      const before = Date.now();
      await session.execute(
        'update entry set id = case when id % 2 = 0 then -id - 10 else id end where id > 0',
      );
      // A loop over both sides would take minutes.
      expect(Date.now() - before, name).toBeLessThan(20_000);
      const { gone } = await session.one<{ gone: number }>(
        `select count(distinct ev_data)::int as gone from pgq.event_1 where ev_type = 'gone'`,
      );
      expect(gone, name).toBe(1 + 50_000);
    }
  });

  it('says what it says in the agreed words', async () => {
    const settings = await createProvider(which);
    await using session = await open(settings);
    await prepareTable(session);
    await session.execute(`update entry set item = 'B' where id = 2; update entry set id = 9 where id = 3;
      delete from entry where id = 1; truncate entry`);
    const [{ layout_id: layout } = { layout_id: '' }, ...others] = await session.query<{ layout_id: string }>(
      `select layout_id from londiste.layout where columns = '{id,item}' and types = '{integer,text}' and key = '{id}'`,
    );
    expect(others).toEqual([]);
    expect(
      (await allEvents(session)).map((event) => [
        event.ev_type,
        event.ev_data,
        event.ev_extra2,
        event.ev_extra3,
      ]),
    ).toEqual([
      ['row:I', '(1,a)', layout, null],
      ['row:I', '(2,b)', layout, null],
      ['row:I', '(3,c)', layout, null],
      ['row:U', '(2,B)', layout, null],
      ['gone', '(3)', layout, 'old-key'],
      ['row:U', '(9,c)', layout, null],
      ['gone', '(1)', layout, null],
      ['truncate', null, layout, null],
    ]);
    const rest = await session.query(
      `select distinct ev_extra1, ev_extra4, ev_owner, ev_retry, ev_txid > 0 as has_txid from pgq.event_1`,
    );
    expect(rest).toEqual([
      { ev_extra1: 'public.entry', ev_extra4: null, ev_owner: null, ev_retry: null, has_txid: true },
    ]);
  });
});

// eslint-disable-next-line @typescript-eslint/require-await
async function* toChunks(text: string): AsyncGenerator<Buffer> {
  yield Buffer.from(text);
}
