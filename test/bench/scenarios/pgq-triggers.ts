import type { Run } from '../run.js';
import type { Scenario } from '../scenario.js';

/** One-row statements on a table of six columns, as they would come from an application, in one transaction. */
const verbs: Readonly<Record<string, string>> = {
  insert: `insert into changed (id, item, note, amount) values (n, 'hello world', 'x', n)`,
  update: `update changed set note = 'it''s ' || n where id = n`,
  delete: 'delete from changed where id = n',
};

export const pgqTriggers: Scenario = {
  name: 'pgq-triggers',
  summary: "what PgQ's trigger functions add to one-row statements, in SQL and as the original's in C",
  peers: ['none', 'pgq', 'logutriga'],
  tables: () => [
    {
      name: 'changed',
      columns:
        'id integer primary key, item text, note text, amount numeric, at timestamptz default now(), done boolean default true',
    },
  ],
  async measure(run) {
    const functions = run.peer.name === 'none' ? [''] : ['logutriga', 'jsontriga', 'sqltriga'];
    for (const fn of functions) await measureFunction(run, fn);
    await run.compare();
  },
};

async function measureFunction(run: Run, fn: string): Promise<void> {
  const statements = run.size.of(20_000, 5_000);
  await using session = await run.pair.provider.open('bench statement');
  if (fn !== '') {
    await session.execute(`drop trigger if exists capture on changed;
      create trigger capture after insert or update or delete on changed for each row execute function pgq.${fn}('bench')`);
  }
  for (const [verb, sql] of Object.entries(verbs)) {
    const began = performance.now();
    await session.execute(`do $$ begin for n in 1 .. ${statements} loop ${sql}; end loop; end $$`);
    const value = ((performance.now() - began) * 1000) / statements;
    for (const metric of fn === '' ? ['logutriga', 'jsontriga', 'sqltriga'] : [fn])
      run.measured({
        metric: `pgq ${metric} ${verb}`,
        value,
        unit: 'µs/statement',
        better: 'lower',
        details: { statements },
      });
  }
}
