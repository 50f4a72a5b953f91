import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { ConnectSettings, Session } from '../../../src/db/session.js';
import { installSchema } from '../../../src/install/install.js';
import { capture, servers, type Form } from '../../support/capture-form.js';
import { asSuperuser, open } from '../../support/databases.js';
import { allEvents, createProvider, openReader, Replica } from '../../support/replica.js';

async function expectCaptured(reader: Session): Promise<void> {
  const replica = new Replica('public.entry', ['id']);
  await replica.apply(reader, await allEvents(reader, 'public.entry'));
  expect(replica.rows).toEqual(await replica.rowsOfTable(reader));
}

async function prepare(session: Session, form: Form): Promise<void> {
  await session.execute(`drop table if exists entry cascade; delete from londiste.provider_table;
    truncate pgq.event_1; create table entry (id int primary key, item text)`);
  await capture(session, 'entry', form);
  await session.execute(`insert into entry values (1, 'a'), (2, 'b'), (3, 'c')`);
}

/** The plain path by single statements, the state path by a block, the slow path after an ALTER. */
const writes = [
  `insert into public.entry values (10, 'x'), (11, 'y')`,
  `update public.entry set id = id + 100, item = item || '!' where id > 2`,
  `delete from public.entry where id = 110`,
  `do $$ begin insert into public.entry values (20, 'n'); update public.entry set item = 'm', id = 21 where id = 20;
     update public.entry set item = item || '?'; delete from public.entry where id = 1; end $$`,
];

describe.each(servers)('capture whoever writes, %s server, by %s', (which, form) => {
  let settings: ConnectSettings;
  let writer: string;
  beforeAll(async () => {
    settings = await createProvider(which);
    writer = `writer_${settings.database}`;
    await asSuperuser(settings.port, (root) => root.execute(`create role ${writer} login`));
  });
  afterAll(async () => {
    await asSuperuser(settings.port, (root) => root.execute(`drop owned by ${writer}`), settings.database);
    await asSuperuser(settings.port, (root) => root.execute(`drop role ${writer}`));
  });

  it('needs no right of the writer on our schemas', async () => {
    await using session = await open(settings);
    await prepare(session, form);
    await session.execute(`grant select, insert, update, delete, truncate on entry to ${writer}`);
    await using reader = await openReader(settings);
    await using other = await open({ ...settings, user: writer });
    await expect(other.query('select * from londiste.layout')).rejects.toThrow(/permission denied/);
    for (const sql of writes) await other.execute(sql);
    await expectCaptured(reader);
    // Functions of another version: all of it is installed again, rights too.
    await session.execute(`update londiste.installation set code_digest = 'other'; truncate entry`);
    await installSchema(session, 'londiste');
    for (const sql of writes) await other.execute(sql);
    await expectCaptured(reader);
    await session.execute('alter table entry add column later int; truncate entry');
    for (const sql of writes) await other.execute(sql);
    await other.execute(`truncate public.entry`);
    await other.execute(`insert into public.entry values (1, 'after')`);
    await expectCaptured(reader);
  });

  it('is not led astray by the search_path, operators and temporary tables of the writer', async () => {
    await using session = await open(settings);
    await prepare(session, form);
    await session.execute(`grant select, insert, update, delete on entry to ${writer}`);
    await asSuperuser(
      settings.port,
      (root) => root.execute(`create schema if not exists evil authorization ${writer}`),
      settings.database,
    );
    await using other = await open({ ...settings, user: writer });
    await other.execute(`
      create sequence evil.used;
      create function evil.equal(int, int) returns boolean language sql as $$ select nextval('evil.used') is null $$;
      create operator evil.= (leftarg = int, rightarg = int, function = evil.equal);
      create function evil.now() returns timestamptz language sql as $$ select 'epoch'::timestamptz $$;
      create temporary table entry (id int primary key, item text);
      create temporary table layout (layout_id text);
      set search_path = evil, pg_temp, pg_catalog`);
    for (const sql of writes) {
      // The operator is the writer's own business in the writer's own statements.
      await other.execute(sql.replaceAll(/where id (=|>)/g, 'where id operator(pg_catalog.$1)'));
    }
    await using reader = await openReader(settings);
    await expectCaptured(reader);
    expect(await other.one('select is_called from evil.used')).toEqual({ is_called: false });
    expect(await session.one(`select count(*) as old from pgq.event_1 where ev_time < '2000-01-01'`)).toEqual(
      {
        old: 0,
      },
    );
  });

  it('loses nothing where row security hides rows from the owner of the capture', async () => {
    await using session = await open(settings);
    await prepare(session, form);
    await session.execute(`alter table entry enable row level security; alter table entry force row level security;
      create policy visible on entry using (id < 0) with check (true);
      create policy all_for_writer on entry to ${writer} using (true) with check (true);
      grant select, insert, update, delete on entry to ${writer}`);
    await using other = await open({ ...settings, user: writer });
    for (const sql of writes) await other.execute(sql);
    expect(await session.one('select count(*) as seen from entry')).toEqual({ seen: 0 });
    const replica = new Replica('public.entry', ['id']);
    await replica.apply(session, await allEvents(session));
    await using reader = await openReader({ ...settings, user: writer });
    await reader.execute('set row_security = on');
    expect(replica.rows).toEqual(await replica.rowsOfTable(reader));
  });

  it.each([`timezone = 'Asia/Tokyo'`, `datestyle = 'SQL, DMY'`])(
    'notices that a trigger with its own %s writes the same table',
    async (setting) => {
      await using session = await open(settings);
      await prepare(session, form);
      await using reader = await openReader(settings);
      await session.execute(`create or replace function bump() returns trigger language plpgsql set ${setting} as
        $$begin update public.entry set item = item || '-bumped' where id = new.id; return null; end$$;
        create trigger bump after insert on entry for each row execute function bump();
        insert into entry values (50, 'x'), (51, 'y')`);
      await expectCaptured(reader);
    },
  );

  it('fails no write where the owner of the capture may not read the table', async () => {
    await using session = await open(settings);
    await prepare(session, form);
    await session.execute(`grant select, insert, update, delete on entry to ${writer}`);
    await session.execute('revoke select on entry from app');
    await using other = await open({ ...settings, user: writer });
    for (const sql of writes) await other.execute(sql);
    await session.execute('grant select on entry to app');
    await using reader = await openReader(settings);
    await expectCaptured(reader);
  });

  it('writes the row that is there where REPEATABLE READ sees a dead one beside it', async () => {
    await using session = await open(settings);
    await prepare(session, form);
    await using reader = await openReader(settings);
    await using other = await open(settings);
    let bothSeen = 0;
    for (const insert of [
      `insert into entry values (2, 'new')`,
      // The second statement of the block takes the state path.
      `do $$ begin insert into entry values (50, 'x'); insert into entry values (2, 'new'); end $$`,
      `do $$ begin insert into entry values (51, 'x'); insert into entry values (2, 'x'); update entry set id = 2, item = 'new' where item = 'x' and id = 2; end $$`,
      `begin; savepoint s; insert into entry values (52, 'y'); insert into entry values (2, 'new'); release s`,
    ]) {
      await session.execute(
        `insert into entry values (2, 'old') on conflict (id) do update set item = 'old'`,
      );
      const { last } = await session.one<{ last: number }>('select max(ev_id) as last from pgq.event_1');
      await other.execute('begin isolation level repeatable read');
      await other.query('select txid_current_snapshot()');
      await session.execute('delete from entry where id = 2');
      await other.execute(insert.replace(/^begin; /, ''));
      const { seen } = await other.one<{ seen: number }>(
        `select count(*) as seen from entry where id + 0 = 2`,
      );
      if (seen === 2) bothSeen += 1;
      await other.execute('commit');
      await expectCaptured(reader);
      const dead = (await allEvents(session)).filter(
        ({ ev_id, ev_data }) => ev_id > last && ev_data === '(2,old)',
      );
      expect(dead, insert).toEqual([]);
      await session.execute('delete from entry where id >= 50');
    }
    console.log(`PostgreSQL ${session.major}: a dead and a living row of one key seen ${bothSeen} times`);
    expect(bothSeen).toBeGreaterThan(0);
  });
});
