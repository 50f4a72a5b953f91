/** Somebody alters or truncates partitions and takes long: maintenance and checks do not wait for that. */
import { beforeAll, describe, expect, test } from 'vitest';
import { Session } from '../../src/db/session.js';
import { addProviderTables, checkProvider } from '../../src/setup/provider.js';
import { open } from '../support/databases.js';
import { eventually } from '../support/eventually.js';
import { createPair, type Pair } from '../support/pair.js';

test.each(['oldest', 'newest'] as const)('%s server', async (which) => {
  const { provider, providerSettings, name } = await createPair(which, which);
  await provider.execute(`create table split (id int primary key, v text) partition by range (id);
    create table low partition of split for values from (0) to (100); create table rest partition of split default;
    create table other (id int primary key, v text)`);
  await addProviderTables(provider, name.queue, ['split', 'other']);
  await provider.execute(`set statement_timeout = '10s'`);
  const refresh = async (): Promise<number> =>
    (await provider.one<{ n: number }>('select londiste.refresh_captures() as n')).n;
  /** Whether the partitions that there are are those that capture knows. */
  const isLookedAfter = async (): Promise<boolean> =>
    (
      await provider.one<{ known: boolean }>(
        `select p.members = londiste.members(p.table_oid) as known from londiste.provider_table p where p.table_name = 'public.split'`,
      )
    ).known;
  await using application = await open(providerSettings);
  for (const [nr, [sql, made]] of Object.entries([
    ['truncate low', 0],
    ['alter table split add column w int', 1],
    ['create table more partition of split for values from (200) to (300); lock table more', 0],
    ['alter table split detach partition more', 0],
  ] as const)) {
    await application.execute(`begin; ${sql}`);
    await provider.execute(`alter table other add column c${nr} int`);
    expect(await refresh(), sql).toBe(1);
    const { faults } = await checkProvider(provider, name.queue);
    expect(
      faults.filter(({ object, isFault }) => isFault && object.startsWith('table')),
      sql,
    ).toEqual([]);
    await application.execute('commit');
    expect(await refresh(), sql).toBe(made);
  }

  // What has left, or is to get a trigger that somebody dropped, can be in use just then: the next round looks again.
  await application.execute(`alter table split attach partition more for values from (200) to (300)`);
  await refresh();
  const truncating = await provider.one<{ name: string }>(
    `select tgname as name from pg_trigger where tgrelid = 'low'::regclass and tgtype & 32 <> 0`,
  );
  for (const [done, held] of [
    ['alter table split detach partition more', 'lock table more'],
    [
      `drop trigger ${truncating.name} on low; alter table split attach partition more for values from (200) to (300)`,
      `insert into low values (1, 'x')`,
    ],
  ] as const) {
    await application.execute(done);
    await application.execute(`begin; ${held}`);
    await provider.execute(`alter table other add column "${held}" int`);
    expect(await refresh(), held).toBe(1);
    expect(await isLookedAfter(), held).toBe(false);
    await application.execute('commit');
    await refresh();
    expect(await isLookedAfter(), held).toBe(true);
  }
});

describe.each(['oldest', 'newest'] as const)(
  'a partition that is in use since it was attached, %s server',
  (which) => {
    const warnings: string[] = [];
    let pair: Pair;
    let maintenance: Session;

    beforeAll(async () => {
      pair = await createPair(which, which);
      const { provider, providerSettings, name } = pair;
      await provider.execute('create table split (id int primary key, v text) partition by range (id)');
      await addProviderTables(provider, name.queue, ['split']);
      maintenance = await Session.open(providerSettings, {
        side: 'provider',
        applicationName: 'maintenance',
        onNotice: (message) => warnings.push(message),
      });
      return () => maintenance.end();
    });

    const attach = (nr: number): Promise<number> =>
      pair.provider
        .execute(`create table "Part ${nr}" (id int not null, v text); insert into "Part ${nr}" values (${nr}00, 'old');
      alter table split attach partition "Part ${nr}" for values from (${nr}00) to (${nr + 1}00)`);
    const eventTypes = async (): Promise<string[]> =>
      (
        await pair.provider.query<{ type: string }>(
          'select ev_type as type from pgq.event_template order by ev_id',
        )
      ).map(({ type }) => type);
    const faults = async (): Promise<string[]> =>
      (await checkProvider(pair.provider, pair.name.queue)).faults.flatMap(({ object, isFault, what }) =>
        isFault && object === 'table public.split' ? [what] : [],
      );

    test('by one who keeps it: maintenance and the check say so at each look, until it is over', async () => {
      await using application = await open(pair.providerSettings);
      await attach(1);
      await application.execute(`begin; insert into split values (101, 'kept')`);
      const said =
        'its partition public."Part 1" is new, and maintenance has not got its lock yet: until then a TRUNCATE of it, and rows that it brought along, do not reach the subscribers';
      for (let looks = 1; looks <= 2; looks += 1) {
        await maintenance.query('select londiste.refresh_captures()');
        expect(warnings).toHaveLength(looks);
        expect(warnings.at(-1)).toContain(`table public.split: ${said}; nothing if it was attached just now`);
        expect(await faults()).toEqual([said]);
      }
      // What it says to type shows who it is.
      const { pid } = await application.one<{ pid: number }>('select pg_backend_pid() as pid');
      const [, shows = ''] = (warnings.at(-1) ?? '').split('end what uses it: ');
      expect(await pair.provider.query(shows)).toMatchObject([{ pid, state: 'idle in transaction' }]);

      await application.execute('commit');
      await maintenance.query('select londiste.refresh_captures()');
      expect(warnings).toHaveLength(2);
      expect(await faults()).toEqual([]);
      expect(await eventTypes()).toEqual(['row:I', 'no-image']);
      await application.execute('truncate "Part 1"');
      expect(await eventTypes()).toEqual(['row:I', 'no-image', 'gone', 'gone']);
    });

    test('by many, one after the other: maintenance gets in between', async () => {
      const sessions = await Promise.all(
        Array.from({ length: 4 }, () => open(pair.providerSettings, 'writer')),
      );
      await attach(2);
      warnings.length = 0;
      const stop = new AbortController();
      let written = 0;
      const writing = sessions.map(async (session, n) => {
        for (; !stop.signal.aborted; written += 1)
          await session.execute(
            `insert into "Part 2" values (20${n + 1}, 'x') on conflict (id) do update set v = excluded.v; select pg_sleep(0.02)`,
          );
      });
      await eventually(() => written > 10, true);
      let free = 0;
      await using looking = await open(pair.providerSettings);
      for (let looks = 0; looks < 100; looks += 1)
        free += (
          await looking.query(
            `select where not exists (select from pg_locks where relation = '"Part 2"'::regclass)`,
          )
        ).length;
      await maintenance.query('select londiste.refresh_captures()');
      stop.abort();
      await Promise.all(writing);
      await Promise.all(sessions.map((session) => session.end()));
      console.log(
        `PostgreSQL ${pair.provider.major}: ${written} writes; the partition was free at ${free} of 100 looks`,
      );
      expect(free).toBeLessThan(50);
      expect(warnings).toEqual([]);
      expect(await faults()).toEqual([]);
    });
  },
);
