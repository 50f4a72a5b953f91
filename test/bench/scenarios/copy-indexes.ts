import { differences } from '../equality.js';
import type { Run } from '../run.js';
import type { Scenario } from '../scenario.js';

const columns = 'id bigint not null, item text, amount integer, at timestamptz';
const hung = (name: string): string =>
  `alter table ${name} add primary key (id); create index on ${name} (at); create index on ${name} (amount, id)`;

/** What a copy drops it makes again; this one drops nothing. */
const droppingNothing = `create or replace function londiste.drop_indexes(i_indexes text[]) returns text[] language sql as
  $$ select '{}'::text[] $$`;

/** Copies into tables whose indexes are taken off meanwhile, and into the same ones with their indexes in place. */
export const copyIndexes: Scenario = {
  name: 'copy-indexes',
  summary:
    'copies into a table of one range and into a partitioned one, with their indexes taken off and in place',
  peers: ['londiste'],
  tables: () => [],
  async measure(run) {
    const { provider } = run.pair;
    const rows = run.size.of(2_000_000, 500_000);
    // Hashes, so that keys come in no order: as they do from a table that lives.
    for (const [name, count] of [
      ['small', 450_000],
      ['parted', rows],
    ] as const) {
      await provider.execute(
        `create table ${name} (${columns}, primary key (id));
         insert into ${name} select hashint8extended(n, 0), 'item number ' || n || repeat(' and more', 5), n * 7919::bigint % 100000, '2026-01-01'::timestamptz + n * interval '1 second'
           from generate_series(1, ${count}) n`,
      );
      await provider.execute(`vacuum analyze ${name}`);
    }
    await bothWays(run, 'small', `create table small (${columns})`);
    await bothWays(
      run,
      'parted',
      `create table parted (${columns}) partition by hash (id);
       ${[0, 1, 2, 3].map((n) => `create table parted_${n} partition of parted for values with (modulus 4, remainder ${n})`).join(';')}`,
    );
  },
};

async function bothWays(run: Run, name: string, create: string): Promise<void> {
  const { subscriber } = run.pair;
  const [known] = await subscriber.query<{ text: string }>(
    `select pg_get_functiondef('londiste.drop_indexes(text[])'::regprocedure) as text`,
  );
  if (!known) throw new Error('londiste.drop_indexes is not installed');
  const off = await timed(run, name, create, 'taken off');
  await subscriber.execute(droppingNothing);
  const stay = await timed(run, name, create, 'in place');
  await subscriber.execute(known.text);
  run.measured({
    metric: `copy into ${name}: indexes taken off, in times of in place`,
    value: off / stay,
    unit: 'times',
    better: 'lower',
  });
  await run.compare();
}

async function timed(run: Run, name: string, create: string, how: string): Promise<number> {
  const { provider, subscriber } = run.pair;
  await subscriber.execute(`drop table if exists ${name}; ${create}; ${hung(name)}`);
  for (const cluster of [provider, subscriber]) await cluster.execute('checkpoint');
  const cpu = run.cpuSeconds();
  const seconds = (await run.replication?.copy?.(name, {})) ?? Number.NaN;
  const details = { cpuSeconds: run.cpuSeconds() - cpu };
  const wrong = await differences(run.pair, [{ name, columns }]);
  if (wrong.length > 0) throw new Error(wrong.join('; '));
  run.measured({
    metric: `copy into ${name}, indexes ${how}`,
    value: seconds,
    unit: 's',
    better: 'lower',
    details,
  });
  await run.compare();
  return seconds;
}
