/**
 * A table, our trigger or our function is dropped by a transaction that also writes, before and after: no write fails, what was
 * written before arrives, and one round of maintenance says what is lost; nothing where the DROP was rolled back.
 */
import { expect, test } from 'vitest';
import { Session } from '../../src/db/session.js';
import { maintainOnce } from '../../src/ticker/maintainer.js';
import { capture, servers } from '../support/capture-form.js';
import { open } from '../support/databases.js';
import { gone, lossOf, missing, type Loss } from '../support/losses.js';
import { allEvents, createProvider, openReader, Replica } from '../support/replica.js';

const create = 'create table TABLE (id int primary key, v text)';

const losses: Readonly<Record<string, Loss>> = {
  table: { ddl: `drop table TABLE; ${create}`, says: gone },
  trigger: { ddl: 'drop trigger TRIGGER on TABLE', says: missing },
  function: { ddl: 'drop function FUNCTION cascade', says: missing },
};

/** Writes of every kind, and the rows that they leave. */
const writes = (table: string, n: number): string =>
  `insert into ${table} values (${n}, 'new'), (${n + 1}, 'x'), (${n + 2}, 'y'); update ${table} set v = v || '!' where id = ${n};
   update ${table} set id = ${n + 5} where id = ${n + 1}; delete from ${table} where id = ${n + 2};`;
const left = (n: number): object[] => [
  { id: String(n), v: 'new!' },
  { id: String(n + 5), v: 'x' },
];

/** A transaction around the DDL; numbers below 100 are written before it, those from 200 on after it has been taken back. */
const ways: Readonly<Record<string, (table: string, ddl: string) => string>> = {
  kept: (table, ddl) => `begin; ${writes(table, 10)} ${ddl}; ${writes(table, 100)} commit`,
  rolled_back: (table, ddl) => `begin; ${writes(table, 10)} ${ddl}; ${writes(table, 100)} rollback`,
  savepoint: (table, ddl) =>
    `begin; ${writes(table, 10)} savepoint s; ${ddl}; ${writes(table, 100)} rollback to s; ${writes(table, 200)} commit`,
};

const cases = Object.entries(losses).flatMap(([what, loss]) =>
  Object.entries(ways).map(([way, around]) => ({ table: `${what}_${way}`, loss, way, around })),
);

test.each(servers)('%s server, capture by %s', async (which, form) => {
  const settings = await createProvider(which);
  const warnings: string[] = [];
  await using provider = await Session.open(settings, {
    side: 'provider',
    applicationName: 'maintenance',
    onNotice: (message, severity) => {
      if (severity === 'WARNING') warnings.push(message);
    },
  });
  await using reader = await openReader(settings);
  await using writer = await open(settings);
  await using old = await open(settings);
  for (const { table } of cases) {
    await provider.execute(create.replace('TABLE', table));
    await capture(provider, table, form);
    // Sessions that have used the capture before, with its plans.
    for (const [n, session] of [writer, old].entries()) await session.execute(writes(table, 1 + n * 3000));
  }
  expect((await maintainOnce(provider)).failures).toEqual([]);
  expect(warnings).toEqual([]);
  // Its snapshot is older than every DROP.
  await old.execute('begin isolation level repeatable read');
  await old.query('select 1');
  for (const { table, loss, around } of cases)
    await writer.execute(around(table, await lossOf(provider, table, loss)));
  for (const { table } of cases) await old.execute(writes(table, 400));
  await old.execute('commit');
  for (const { table } of cases)
    for (const [n, isolation] of ['read committed', 'repeatable read', 'serializable'].entries())
      await writer.execute(
        `begin isolation level ${isolation}; ${writes(table, 1000 * (n + 1) + 500)} commit`,
      );

  const failures = (await maintainOnce(provider)).failures.map(({ error }) => error.message);
  expect(failures).toEqual([]);
  for (const { table, loss, way } of cases) {
    const replica = new Replica(`public.${table}`, ['id']);
    await replica.apply(reader, await allEvents(reader));
    const about = warnings.filter((line) => line.startsWith(`queue q, table public.${table}: `));
    if (way === 'kept') {
      expect(replica.rows, table).toEqual(expect.arrayContaining(left(10)));
      expect(about.map((line) => line.split(': ')[1]?.slice(0, loss.says.length))).toEqual([loss.says]);
      continue;
    }
    expect(replica.rows, table).toEqual(await replica.rowsOfTable(reader));
    expect(replica.rows, table).toEqual(expect.arrayContaining(way === 'savepoint' ? left(10) : left(400)));
    expect(replica.rows.filter(({ id }) => id === '100')).toEqual([]);
    expect(about).toEqual([]);
  }
});
