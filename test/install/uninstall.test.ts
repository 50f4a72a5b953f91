/** Uninstalling leaves nothing of PgQ and breaks no write of the tables that had triggers of it. */
import { describe, expect, it } from 'vitest';
import type { ConnectSettings, Row, Session } from '../../src/db/session.js';
import { installSchema } from '../../src/install/install.js';
import { uninstallPgq } from '../../src/install/uninstall.js';
import { createDatabase, open } from '../support/databases.js';
import { eventually } from '../support/eventually.js';

describe.each(['oldest', 'newest'] as const)('uninstalling pgq on %s', (which) => {
  it('leaves what was there before, with queues, consumers, open batches and triggers', async () => {
    const settings = await createDatabase(which);
    await using session = await open(settings);
    await session.execute(`create schema "Odd"; create table "Odd"."ta ble" (id integer primary key)`);
    const before = await objects(session);
    await installSchema(session, 'pgq');
    await useQueue(session);
    await capture(session, '"Odd"."ta ble"');
    expect(await uninstallPgq(session)).toMatchObject({
      schemas: ['pgq'],
      triggers: ['_to_q on Odd.ta ble'],
    });
    expect(await objects(session)).toEqual(before);
    await session.query('insert into "Odd"."ta ble" values (1)');
    expect(await uninstallPgq(session)).toEqual({ schemas: [], triggers: [], roles: [], rolesLeft: [] });
    expect(await installSchema(session, 'pgq'), 'and it can be installed again').toBe('installed');
  });

  it('breaks no write that goes on meanwhile', async () => {
    const settings = await createDatabase(which);
    await using session = await open(settings);
    await installSchema(session, 'pgq');
    await useQueue(session);
    await session.execute('create table one (n integer); create table two (n integer)');
    await capture(session, 'one');
    await capture(session, 'two');
    let isOver = false;
    const writing = Promise.all(
      [
        ['one', 'two'],
        ['two', 'one'],
      ].map((tables) => writeBoth(settings, tables, () => isOver)),
    );
    await eventually(async () => (await rowsOf(session)) > 20, true);
    expect(await session.one('select count(*) > 20 as captured from pgq.event_template')).toEqual({
      captured: true,
    });
    await uninstallPgq(session);
    const at = await rowsOf(session);
    await eventually(async () => (await rowsOf(session)) > at, true);
    isOver = true;
    const written = (await writing).reduce((sum, n) => sum + n, 0);
    expect(await rowsOf(session)).toBe(written);
  });

  it('refuses what would break something', async () => {
    await using session = await open(await createDatabase(which));
    await session.execute('create schema pgq; create table pgq.queue (queue_id integer)');
    await expect(uninstallPgq(session)).rejects.toThrow('was made by another program');
    await session.execute('drop schema pgq cascade');
    await installSchema(session, 'pgq');
    await session.execute('create view public.queues as select queue_name from pgq.queue');
    await session.execute('create table public.mine (q integer references pgq.queue)');
    await expect(uninstallPgq(session)).rejects.toThrow(
      /other objects depend on pgq: constraint mine_q_fkey on table mine; .*view queues/,
    );
    await session.execute('drop view public.queues; drop table public.mine');
    await installSchema(session, 'londiste');
    await session.execute('create table public.entry (id integer primary key)');
    await session.query(`select pgq.create_queue('q'), londiste.provider_add_table('q', 'public.entry')`);
    await expect(uninstallPgq(session)).rejects.toMatchObject({
      hint: 'run first: londiste CONFIG provider remove --all',
    });
    expect(await session.query(`select to_regclass('pgq.queue')::text as there`)).toEqual([
      { there: 'pgq.queue' },
    ]);
    await session.query(`select londiste.provider_remove_table('q', 'public.entry')`);
    expect((await uninstallPgq(session)).schemas).toEqual(['pgq']);
  });
});

/** A queue with a consumer, an open batch and an event that waits for its retry. */
async function useQueue(session: Session): Promise<void> {
  await session.query(`select pgq.create_queue('q'), pgq.set_queue_config('q', 'ticker_max_lag', '0')`);
  await session.query(`select pgq.register_consumer('q', 'c')`);
  await session.query(`select pgq.insert_event('q', 't', 'd')`);
  await session.query('select pgq.ticker()');
  await session.query(`select pgq.event_retry(pgq.next_batch('q', 'c'), 1, 0)`);
}

async function capture(session: Session, table: string): Promise<void> {
  await session.execute(`
    create or replace function pgq.note_write() returns trigger language plpgsql as
      $$ begin perform pgq.insert_event(tg_argv[0], 'I', new::text); return new; end $$;
    create trigger _to_q after insert on ${table} for each row execute function pgq.note_write('q')`);
}

/** Transactions that write both tables, in the given order; returns how many rows were written. */
async function writeBoth(
  settings: ConnectSettings,
  tables: readonly string[],
  isOver: () => boolean,
): Promise<number> {
  await using session = await open(settings);
  let rows = 0;
  for (; !isOver(); rows += 2) {
    await session.query('begin');
    for (const table of tables) await session.query(`insert into ${table} values ($1)`, [rows]);
    await session.query('commit');
  }
  return rows;
}

async function rowsOf(session: Session): Promise<number> {
  return (
    await session.one<{ rows: number }>(
      'select (select count(*) from one) + (select count(*) from two) as rows',
    )
  ).rows;
}

/** Everything in the database that is not the server's own. */
function objects(session: Session): Promise<Row[]> {
  return session.query(
    `select c.classid::regclass::text as kind, pg_describe_object(c.classid, c.objid, 0) as name from (
       select 'pg_namespace'::regclass as classid, oid as objid from pg_namespace where nspname !~ '^pg_(temp|toast)'
       union all select 'pg_class'::regclass, oid from pg_class where oid >= 16384
       union all select 'pg_proc'::regclass, oid from pg_proc where oid >= 16384
       union all select 'pg_type'::regclass, oid from pg_type where oid >= 16384
       union all select 'pg_trigger'::regclass, oid from pg_trigger
       union all select 'pg_constraint'::regclass, oid from pg_constraint where oid >= 16384
       union all select 'pg_default_acl'::regclass, oid from pg_default_acl
     ) c order by 1, 2`,
  );
}
