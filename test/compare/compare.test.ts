/** compare finds every way in which rows can differ, on both majors crossed, and nothing where they do not; repair mends each. */
import { beforeAll, describe, expect, it } from 'vitest';
import { createPair, type Pair } from '../support/pair.js';
import { isLong } from '../support/random-stories.js';
import { compareAll, repairTable, replicate, serve } from './bench.js';

const rows = Number(process.env['LONDISTE_TEST_COMPARE_ROWS'] ?? (isLong ? 5_000_000 : 20_000));
/** How much longer than 20,000 rows the others may take. */
const patience = rows > 20_000 ? 10 : 1;
/** Small, so that there are many ranges. */
const sizes = { keys: rows / 13, slices: rows / 3 };

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
    await serve(pair);
    await replicate(pair, ['entry']);
  }, 600_000);

  it('equal rows are equal', { timeout: 60_000 * patience }, async () => {
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
  ])('finds and mends %s', { timeout: 120_000 * patience }, async (_, change, expected) => {
    await pair.subscriber.execute(change);
    const [outcome] = await compareAll(pair, ['entry'], { sizes });
    expect(outcome?.state).toBe('different');
    expect(outcome?.findings.first.map(({ kind, key }) => [kind, key]).sort()).toEqual(expected);

    const repair = await repairTable(pair, 'entry');
    expect(repair).toMatchObject({ repaired: expected.length, errors: [], outcome: { state: 'equal' } });
    const { tick, ...audit } = await pair.subscriber.one<{ tick: number }>(
      `select tick_id as tick, missing + extra + different as rows, asked_by, error from londiste.repair order by nr desc limit 1`,
    );
    expect(tick).toBeGreaterThan(0);
    expect(audit).toEqual({ rows: expected.length, asked_by: 'app', error: null });
    expect(await pair.subscriber.query('select from londiste.repair_event')).toEqual([]);
  });
});
