/**
 * Row level security that is forced and hides rows from the role that owns the tables and their capture: whoever writes, the
 * subscriber gets what the provider holds, and check says that a copy could not.
 */
import { beforeAll, describe, expect, test } from 'vitest';
import type { Session } from '../../src/db/session.js';
import { superuser } from '../../src/embedded/server.js';
import { addProviderTables, checkProvider } from '../../src/setup/provider.js';
import { listTables } from '../../src/setup/subscriber-tables.js';
import { servers, type Form } from '../support/capture-form.js';
import { asSuperuser, open, type Which } from '../support/databases.js';
import { digest, followByHand, reach, tickNow } from '../support/hand-ticks.js';
import { createPair, Daemons, type Pair } from '../support/pair.js';

/** A pair, a role that row security shows all rows to, and a reader that it does not apply to. */
async function stage(which: Which): Promise<{ pair: Pair; role: string; writer: Session; root: Session }> {
  const pair = await createPair(which, which);
  const settings = pair.providerSettings;
  const role = `seer_${settings.database}`;
  await asSuperuser(settings.port, (one) => one.execute(`create role ${role} login`));
  Daemons.replay(pair, { loopDelayMs: 20 });
  const [writer, root] = [
    await open({ ...settings, user: role }),
    await open({ ...settings, user: superuser }),
  ];
  return { pair, role, writer, root };
}

async function leave({ pair, role, writer, root }: Awaited<ReturnType<typeof stage>>): Promise<void> {
  await writer.end();
  await root.execute(`drop owned by ${role}`);
  await root.end();
  await asSuperuser(pair.providerSettings.port, (one) => one.execute(`drop role ${role}`));
}

const hiding = (table: string, role: string): string =>
  `alter table ${table} enable row level security; alter table ${table} force row level security;
   create policy hides on ${table} using (id < 0) with check (true);
   create policy shows on ${table} to ${role} using (true) with check (true);
   grant select, insert, update, delete, truncate on ${table} to ${role}`;

/** `t` is the table; rows 1 to 5 are there. */
const writes = [
  `insert into t (id, part, v) values (10, 1, 'x'), (11, 12, 'y')`,
  `update t set v = v || '!' where id < 4`,
  `update t set id = id + 100 where id > 9`,
  `delete from t where id = 2`,
  `insert into t (id, part, v) values (3, 3, 'new'), (30, 13, 'z') on conflict (id, part) do update set v = 'conflict'`,
  // Each of these looks as if it came from inside of another.
  `do $$ begin insert into t (id, part, v) values (20, 2, 'n'); update t set v = 'm', id = 21 where id = 20;
     update t set v = v || '?'; delete from t where id = 1; insert into t (id, part, v) values (1, 1, 'back'); end $$`,
  `with gone as (delete from t where id = 3 returning *) insert into t (id, part, v) select id + 50, part, v from gone`,
  `begin; update t set v = 'undone'; rollback`,
  `begin; savepoint s; delete from t; rollback to s; update t set v = 'kept' where id = 1; commit`,
];

async function play(
  { pair, writer, root }: Awaited<ReturnType<typeof stage>>,
  sqls: readonly string[],
): Promise<void> {
  for (const sql of sqls) {
    await writer.execute(sql);
    await reach(pair, await tickNow(pair.provider, pair.name.queue));
    expect(await pair.provider.one('select count(*)::int as seen from t'), sql).toEqual({ seen: 0 });
    expect(await digest(pair.subscriber, ['t']), sql).toBe(await digest(root, ['t']));
    const [table] = await listTables(pair.subscriber, pair.name);
    expect(table?.error ?? table?.state, sql).toBe('ok');
  }
}

const rows = `insert into t (id, part, v) select g, g, 'row ' || g from generate_series(1, 5) g`;
const plain = 'create table t (id int, part int, v text, primary key (id, part))';

async function begin(
  { pair, role }: Awaited<ReturnType<typeof stage>>,
  there: string,
  capture?: Form,
): Promise<void> {
  await pair.provider.execute(`${there}; ${rows}`);
  await pair.subscriber.execute(plain);
  await addProviderTables(pair.provider, pair.name.queue, ['t'], capture === undefined ? {} : { capture });
  await followByHand(pair, ['t']);
  await pair.provider.execute(hiding('t', role));
  const { faults } = await checkProvider(pair.provider, pair.name.queue);
  expect(faults.map(({ what }) => what)).toContain('role app cannot read all of it');
}

describe.each(servers)('%s server, capture by %s', (which, capture) => {
  let at: Awaited<ReturnType<typeof stage>>;
  beforeAll(async () => {
    at = await stage(which);
    return () => leave(at);
  });

  test('a table', async () => {
    await begin(at, plain, capture);
    await play(at, writes);
    // Also while the table is not what its capture was made for.
    await at.pair.subscriber.execute('alter table t add column w int');
    await at.pair.provider.execute('alter table t add column w int');
    await play(at, [
      `update t set w = 7 where id = 1; insert into t values (60, 1, 'wide', 8); delete from t where id = 60`,
      `truncate t; insert into t values (70, 1, 'after', 9)`,
    ]);
    expect(await at.root.one('select count(*)::int as n from t')).toEqual({ n: 1 });
  });
});

describe.each(['oldest', 'newest'] as const)('%s server', (which) => {
  let at: Awaited<ReturnType<typeof stage>>;
  beforeAll(async () => {
    at = await stage(which);
    return () => leave(at);
  });

  test('a partitioned table, and partitions that are written directly', async () => {
    await begin(
      at,
      `create table t (id int, part int, v text, primary key (id, part)) partition by range (part);
       create table low partition of t for values from (0) to (10); create table high partition of t for values from (10) to (20)`,
    );
    await at.pair.provider.execute(`grant select, insert, update, delete on low, high to ${at.role}`);
    await play(at, [
      ...writes,
      'update t set part = part + 10 where part < 10 and id = 5',
      `insert into low values (80, 5, 'direct'); update low set v = v || ' direct', id = id + 1000 where id < 100; delete from high where id = 110`,
      `do $$ begin update low set v = 'in'; update t set v = v || ' and out'; delete from low where id = 1080; end $$`,
      'truncate t',
      `insert into t values (90, 5, 'after'), (91, 15, 'too')`,
    ]);
    // A partition's own rows are not under the policies of the whole.
    await at.pair.provider.execute('truncate low');
    await play(at, [`update t set v = 'high'`]);
  });
});
