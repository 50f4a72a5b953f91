/** Somebody alters or truncates partitions and takes long: maintenance and checks do not wait for that. */
import { expect, test } from 'vitest';
import { addProviderTables, checkProvider } from '../../src/setup/provider.js';
import { open } from '../support/databases.js';
import { createPair } from '../support/pair.js';

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
