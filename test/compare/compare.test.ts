/** compare finds every way in which rows can differ, on both majors crossed, and nothing where they do not. */
import { beforeAll, describe, expect, it } from 'vitest';
import { addProviderTables } from '../../src/setup/provider.js';
import { addSubscriberTables } from '../../src/setup/subscriber-tables.js';
import { eventually, tickerRuns } from '../support/eventually.js';
import { createPair, Daemons, type Pair } from '../support/pair.js';
import { compareAll } from './bench.js';

const rows = 20_000;
/** Small, so that there are many ranges. */
const sizes = { keys: 1_500, slices: 6_000 };

async function replicated(pair: Pair, tables: readonly string[]): Promise<void> {
  Daemons.ticker(pair);
  Daemons.replay(pair);
  await tickerRuns(pair.provider);
  await addProviderTables(pair.provider, pair.name.queue, tables);
  await addSubscriberTables(pair.ends, tables);
  await eventually(
    async () =>
      (
        await pair.subscriber.one<{ n: number }>(
          `select count(*) as n from londiste.table_state where state = 'ok'`,
        )
      ).n,
    tables.length,
    30_000,
  );
}

describe.each([
  ['oldest', 'newest'],
  ['newest', 'oldest'],
] as const)('from %s to %s', (from, to) => {
  let pair: Pair;

  beforeAll(async () => {
    pair = await createPair(from, to);
    const table =
      'create table entry (id int primary key, code char(8), blank bpchar, item text, amount numeric)';
    await pair.provider
      .execute(`${table}; insert into entry select n, 'c' || n, 'b', case when n % 7 > 0 then 'item ' || n end, n / 8.0
      from generate_series(1, ${rows}) n; analyze entry`);
    await pair.subscriber.execute(table);
    await replicated(pair, ['entry']);
  }, 60_000);

  it('equal rows are equal', async () => {
    const [outcome] = await compareAll(pair, [], { sizes });
    expect(outcome).toMatchObject({ state: 'equal', rows: { provider: rows, subscriber: rows } });
    expect(outcome?.ranges).toBeGreaterThan(5);
  });

  it.each([
    ['one changed bit', `update entry set item = 'item 1235' where id = 1234`, [['different', '(1234)']]],
    ['one missing', 'delete from entry where id = 77', [['missing', '(77)']]],
    ['one extra', `insert into entry values (-5, 'x', '', 'x', 1)`, [['extra', '(-5)']]],
    [
      'two swapped values',
      'update entry set item = case id when 5 then $$item 6$$ else $$item 5$$ end where id in (5, 6)',
      [
        ['different', '(5)'],
        ['different', '(6)'],
      ],
    ],
    ['NULL against empty', `update entry set item = '' where id = 14`, [['different', '(14)']]],
    ['a trailing blank', `update entry set blank = 'b ' where id = 9`, [['different', '(9)']]],
    ['the scale of a number', `update entry set amount = 1.0 where id = 8`, [['different', '(8)']]],
  ])('finds %s', async (_, change, expected) => {
    await pair.subscriber.execute(
      'begin; create temp table kept on commit preserve rows as select * from entry',
    );
    await pair.subscriber.execute(`${change}; commit`);
    const [outcome] = await compareAll(pair, ['entry'], { sizes });
    expect(outcome?.state).toBe('different');
    const found = outcome?.findings.first.map(({ kind, key }) => [kind, key]);
    expect(found?.sort()).toEqual(expected);
    await pair.subscriber.execute('truncate entry; insert into entry select * from kept; drop table kept');
    expect((await compareAll(pair, ['entry'], { sizes }))[0]).toMatchObject({ state: 'equal' });
  });
});
