import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Run } from '../run.js';
import type { Scenario } from '../scenario.js';
import { clients, findPgbench, runPgbench, runTpcb, tpcbTables } from '../tpcb-load.js';

const scale = 10;

/** Rows that one-row statements choose from. */
const keys = 100_000;

/** One-row statements as pgbench reads them. */
const oneRow: Readonly<Record<string, string>> = {
  insert: `insert into small_in (item, amount) values ('item', 1)`,
  update: `\\set id random(1, ${keys})\nupdate small set amount = amount + 1 where id = :id`,
  'delete and insert': `\\set id random(1, ${keys})\nwith gone as (delete from small where id = :id returning *) insert into small_in (item, amount) select item, amount from gone`,
};

const narrow = 'item text, amount integer';

export const capture: Scenario = {
  name: 'capture',
  summary: 'what capturing adds to the bare statement: many rows, one row, TPC-B, beside a large value',
  peers: ['none', 'capture', 'capture-row', 'logutriga'],
  tables: () => [
    { name: 'entry', columns: 'id bigint primary key, item text, amount integer, at timestamptz' },
    {
      name: 'small',
      columns: `id integer primary key, ${narrow}`,
      rows: `select n, 'item ' || n, n from generate_series(1, ${keys}) n`,
    },
    { name: 'small_in', columns: `id bigserial primary key, ${narrow}` },
    {
      name: 'beside',
      columns: 'id integer primary key, counter integer, document text',
      // Text that hardly compresses, as a document would not.
      rows: `select 1, 0, (select string_agg(md5(n::text), '') from generate_series(1, 32768) n)`,
    },
    ...tpcbTables(scale),
  ],
  async measure(run) {
    await manyRows(run);
    await oneRowEach(run);
    await besideLarge(run);
    const pgbench = findPgbench(run.binFolder);
    const seconds = run.size.of(20, 5);
    const tps = await runTpcb(run.pair.provider, { pgbench, scale, seconds });
    run.measured({ metric: 'capture tpcb', value: tps, unit: 'tps', better: 'higher', details: { seconds } });
    await run.compare();
  },
};

async function manyRows(run: Run): Promise<void> {
  const rows = run.size.of(300_000, 100_000);
  const statements = {
    insert: `insert into entry select n, 'item ' || n, n % 1000, now() from generate_series(1, ${rows}) n`,
    update: `update entry set item = item || ' changed', amount = amount + 1`,
    delete: 'delete from entry',
  };
  await using session = await run.pair.provider.open('bench statement');
  for (const [verb, sql] of Object.entries(statements)) {
    const before = await events(run);
    const began = performance.now();
    await session.execute(sql);
    const value = ((performance.now() - began) * 1000) / rows;
    const made = (await events(run)) - before;
    // A form that forgets rows would be the fastest.
    if (run.peer.name !== 'none' && made !== rows) throw new Error(`${verb}: ${made} events of ${rows} rows`);
    run.measured({ metric: `capture ${verb}`, value, unit: 'µs/row', better: 'lower', details: { rows } });
    await run.pair.provider.execute('checkpoint');
  }
}

async function oneRowEach(run: Run): Promise<void> {
  const pgbench = findPgbench(run.binFolder);
  if (pgbench === undefined) {
    console.log('  without one-row statements: no pgbench here (Debian: postgresql-15)');
    return;
  }
  const seconds = run.size.of(10, 4);
  for (const [verb, script] of Object.entries(oneRow)) {
    const file = join(run.pair.folder, 'one-row.sql');
    writeFileSync(file, `${script};\n`);
    for (const count of [1, clients]) {
      const options = ['-M', 'prepared', '-c', String(count), '-T', String(seconds), '-f', file];
      // What the disk takes for a commit is no part of it.
      const tps = await runPgbench(run.pair.provider, pgbench, options, '-c synchronous_commit=off');
      run.measured({
        metric: `capture one-row ${verb}, ${count} client${count === 1 ? '' : 's'}`,
        value: (count * 1e6) / tps,
        unit: 'µs/statement',
        better: 'lower',
        details: { seconds },
      });
    }
  }
}

async function besideLarge(run: Run): Promise<void> {
  const updates = 1000;
  await using session = await run.pair.provider.open('bench statement');
  const began = performance.now();
  for (let n = 0; n < updates; n += 1) await session.execute('update beside set counter = counter + 1');
  const value = (performance.now() - began) / updates;
  run.measured({
    metric: 'capture beside 1 MB',
    value,
    unit: 'ms/statement',
    better: 'lower',
    details: { updates },
  });
}

/** How many events there are; none without capture. */
async function events({ peer, pair: { provider } }: Run): Promise<number> {
  if (peer.name === 'none') return 0;
  const [row] = await provider.query<{ count: number }>('select count(*)::int as count from pgq.event_1');
  return row?.count ?? 0;
}
