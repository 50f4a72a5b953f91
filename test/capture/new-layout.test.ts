/** Writes after an ALTER, before maintenance has made the capture anew: sessions that meet the new layout at once. */
import { describe, expect, test } from 'vitest';
import { addProviderTables } from '../../src/setup/provider.js';
import { capture as captureTable, probeOf, servers } from '../support/capture-form.js';
import { open } from '../support/databases.js';
import { eventually } from '../support/eventually.js';
import { createPair } from '../support/pair.js';
import { allEvents, createProvider, openReader, Replica, type NamedRow } from '../support/replica.js';

describe.each(servers)('%s server, capture by %s', (which, capture) => {
  test('they do not wait for one another', async () => {
    const { provider, providerSettings, name } = await createPair(which, which);
    await provider.execute(
      'create table t (id int primary key, v text); create table u (id int primary key, v text)',
    );
    await addProviderTables(provider, name.queue, ['t', 'u'], { capture });
    await using one = await open(providerSettings);
    await using two = await open(providerSettings);
    for (const [n, ddl] of [
      'alter table TABLE add column w int',
      'alter table TABLE rename column v to x',
    ].entries()) {
      for (const table of ['t', 'u']) await provider.execute(ddl.replaceAll('TABLE', table));
      for (const [session, table, id] of [
        [one, 't', n * 10],
        [two, 't', n * 10 + 1],
        [one, 'u', n * 10 + 2],
        [two, 'u', n * 10 + 3],
      ] as const) {
        if (table === 't') await session.execute(`begin; set local statement_timeout = '10s'`);
        await session.execute(
          `insert into ${table} (id) values (${id}); update ${table} set id = -id where id = ${id}; delete from ${table} where id = ${-id}`,
        );
      }
      await one.execute('commit');
      await two.execute('commit');
    }
    const [{ layouts, readable } = { layouts: 0, readable: false }] = await provider.query<{
      layouts: number;
      readable: boolean;
    }>(
      `select count(distinct e.ev_extra2)::int as layouts, bool_and(exists (select from londiste.layout l where l.layout_id = e.ev_extra2)) as readable from pgq.event_1 e`,
    );
    expect({ layouts, readable }).toEqual({ layouts: 2, readable: true });
  });

  test('serializable ones are not in the way of one another', async () => {
    const { provider, providerSettings, name } = await createPair(which, which);
    await provider.execute('create table t (id int primary key, v text)');
    await addProviderTables(provider, name.queue, ['t'], { capture });
    const writers = [await open(providerSettings), await open(providerSettings)];
    const write = async (round: number): Promise<void> => {
      for (const session of writers) await session.execute('begin isolation level serializable');
      for (const [n, session] of writers.entries()) {
        const id = round * 10 + n;
        const insert = (more: number): string => `insert into t (id) values (${id + more})`;
        const all = ['savepoint s', insert(4), 'rollback to s', insert(0), insert(7)];
        // What is sent as one looks nested to capture, which asks the table then.
        for (const text of round % 2 === 0 ? all : [all.join('; ')]) await session.execute(text);
      }
      for (const session of writers) await session.execute('commit');
    };
    const layouts = (): Promise<{ told: number; kept: number; readable: boolean }> =>
      provider.one(
        `select count(distinct l.layout_id)::int as told, count(*)::int as kept,
                  (select bool_and(e.ev_extra2 in (select layout_id from londiste.layout)) from pgq.event_1 e) as readable
             from londiste.layout l where l.types is null`,
      );
    await provider.execute('alter table t add column w int');
    for (const round of [1, 2, 3]) await write(round);
    expect(await layouts()).toMatchObject({ told: 1, readable: true });
    await provider.query('select londiste.refresh_captures()');
    expect(await layouts()).toEqual({ told: 1, kept: 1, readable: true });
    await write(4);
    expect(await layouts()).toEqual({ told: 1, kept: 1, readable: true });
    expect(await provider.one('select count(*)::int as rows from t')).toEqual({ rows: 16 });
    for (const session of writers) await session.end();
  });

  test.each([
    `add column x text default 'x'`,
    'drop column v',
    'rename column v to x',
    'alter column v type int using v::int',
    'drop constraint t_pkey, add primary key (n, id)',
    // With its capture made anew before the others go on.
    `add column x text default 'x'; select londiste.refresh_captures()`,
    'drop column v; select londiste.refresh_captures()',
    'alter column v type int using v::int; select londiste.refresh_captures()',
  ])('a statement that took its snapshot before it waited for: %s', async (ddl) => {
    const settings = await createProvider(which);
    await using provider = await open(settings);
    await provider.execute(`create table t (id int primary key, v text, n int not null default 0)`);
    await captureTable(provider, 't', capture);
    const writers = await Promise.all([open(settings), open(settings), open(settings)]);
    const [copying, executing, inserting] = writers;
    await executing.execute('prepare one as insert into t (id) values ($1), ($1 + 1)');
    // Each has written before, so what could be kept in its session is.
    await copying.copyIn('copy t (id) from stdin', [Buffer.from('1\n')]);
    await executing.execute('execute one (2)');
    await inserting.execute('insert into t (id) values (4)');

    await provider.execute(`begin; alter table t ${ddl}`);
    const written = Promise.all([
      copying.copyIn('copy t (id) from stdin', [Buffer.from('11\n12\n')]),
      executing.execute('execute one (13)'),
      inserting.execute('insert into t (id) values (15)'),
    ]);
    written.catch(() => undefined);
    await eventually(
      () =>
        provider.one(
          `select count(*)::int as n from pg_locks where relation = 't'::regclass and not granted`,
        ),
      { n: writers.length },
    );
    await provider.execute('commit');
    await written;

    await using reader = await openReader(settings);
    const replica = new Replica('public.t', ['id']);
    await replica.apply(reader, await allEvents(reader));
    // Rows from before the ALTER have what the table holds for them since.
    const isNew = ({ id }: NamedRow): boolean => Number(id) > 10;
    expect(replica.rows.filter(isNew)).toEqual((await replica.rowsOfTable(reader)).filter(isNew));
    expect(replica.rows.filter(isNew)).toHaveLength(5);
    for (const session of writers) await session.end();
  });

  test.each([
    ['truncate t', { id: '3', v: null }],
    [`alter table t add column w text default 'w'`, { id: '3', v: null, w: 'w' }],
  ])(
    'a transaction sees the table twice in the catalogue, as before another did %s and as it left it itself',
    async (ddl, row) => {
      const settings = await createProvider(which);
      await using provider = await open(settings);
      await provider.execute('create table t (id int primary key, v text)');
      await captureTable(provider, 't', capture);
      await using session = await open(settings);
      await session.execute('insert into t values (1)');
      await session.execute('begin isolation level repeatable read; select from pg_am');
      await provider.execute(ddl);
      await session.execute('truncate t');
      expect(await session.query(`select from pg_class where oid = 't'::regclass`)).toHaveLength(2);
      await session.execute('insert into t values (2); update t set id = 3; commit');
      await using reader = await openReader(settings);
      const replica = new Replica('public.t', ['id']);
      await replica.apply(reader, await allEvents(reader));
      expect(replica.rows).toEqual([row]);
    },
  );

  test.each([
    'add column w int',
    'alter column id type bigint',
    `alter column id type text collate "C"`,
    'rename column v to x',
  ])('a row written again within a statement is the last one, before and after: %s', async (ddl) => {
    const settings = await createProvider(which);
    await using provider = await open(settings);
    await provider.execute(`create table t (id int primary key, v text, n int default 0);
      create function again() returns trigger language plpgsql as $f$ begin
        update t set n = n + 1 where id::text = new.id::text and n < 10; return null; end $f$;
      create trigger aa_again after insert or update on t for each row when (new.n < 10) execute function again()`);
    await provider.execute(probeOf('t', capture));
    await captureTable(provider, 't', capture);
    const sessions = [await open(settings), await open(settings), await open(settings)];
    const isolations = ['serializable', 'repeatable read', 'read committed'] as const;
    for (const [n, session] of sessions.entries())
      await session.execute(`begin isolation level ${isolations[n] ?? ''}; select count(*) from pg_am`);
    // Two of them look at a catalogue that is older than the table, which holds nothing for them where it was written anew.
    await provider.execute(`alter table t ${ddl}`);
    for (const [n, session] of sessions.entries()) {
      await session.execute(`insert into t (id, n) values ('${n}', 7)`);
      await session.execute('commit');
    }
    await provider.execute(
      `begin isolation level serializable; insert into t (id, n) values ('3', 6); update t set n = 5 where id::text = '0'; commit`,
    );
    const { nested } = await provider.one<{ nested: number }>(
      'select last_value::int as nested from state_path',
    );
    expect(nested).toBeGreaterThanOrEqual(isolations.length + 2);
    await using reader = await openReader(settings);
    const replica = new Replica('public.t', ['id']);
    await replica.apply(reader, await allEvents(reader));
    expect(replica.rows).toEqual(await replica.rowsOfTable(reader));
    expect(replica.rows.map(({ n }) => n)).toEqual(['10', '10', '10', '10']);
    for (const session of sessions) await session.end();
  });
});
