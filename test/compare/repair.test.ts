/** What repair cannot write, rows that hand on unique values, only a part of a table, and columns whose types differ. */
import { beforeAll, expect, it } from 'vitest';
import { createPair, type Pair } from '../support/pair.js';
import { compareAll, repairTable, replicate, serve } from './bench.js';

let pair: Pair;

beforeAll(async () => {
  pair = await createPair('newest', 'oldest');
  const tables = `create table entry (id int primary key, code int unique, item text);
    create table other (id int primary key, amount numeric, code varchar(10), doc jsonb)`;
  await pair.provider
    .execute(`${tables}; insert into entry select n, n, 'item ' || n from generate_series(1, 20000) n;
    insert into other select n, n / 8.0, 'c' || n, jsonb_build_object('n', n) from generate_series(1, 100) n; analyze`);
  await pair.subscriber.execute(tables);
  await serve(pair);
  await replicate(pair, ['entry', 'other']);
}, 60_000);

it('what the subscriber refuses is told, and parks nothing', { timeout: 60_000 }, async () => {
  await pair.subscriber.execute(`update entry set item = 'wrong' where id = 5;
    alter table entry add constraint refusing check (item <> 'item 5') not valid`);
  const { repaired, errors, outcome } = await repairTable(pair, 'entry');
  expect(repaired).toBe(0);
  expect(errors).toEqual([
    expect.stringMatching(/SQLSTATE 23514\): table public\.entry, constraint refusing/),
  ]);
  expect(outcome).toMatchObject({ state: 'different' });
  expect(await pair.subscriber.query('select distinct state, error from londiste.table_state')).toEqual([
    { state: 'ok', error: null },
  ]);
  expect(await pair.subscriber.query('select tick_id, applied_at from londiste.repair')).toEqual([
    { tick_id: null, applied_at: null },
  ]);
  await pair.subscriber.execute('alter table entry drop constraint refusing');
  expect(await repairTable(pair, 'entry')).toMatchObject({ repaired: 1, outcome: { state: 'equal' } });
});

it('rows that have one another’s unique values', { timeout: 60_000 }, async () => {
  await pair.subscriber.execute(`update entry set code = -code where id between 10 and 20;
    update entry set code = 31 - (-code) - 1 where id between 10 and 20`);
  expect(await repairTable(pair, 'entry')).toMatchObject({
    repaired: 10,
    errors: [],
    outcome: { state: 'equal' },
  });
});

it('a part of a table', { timeout: 60_000 }, async () => {
  const [sampled] = await compareAll(pair, ['entry'], { sample: 0.1 });
  expect(sampled).toMatchObject({ state: 'equal', ranges: 2 });
  expect(sampled?.rows.provider).toBeGreaterThan(500);
  expect(sampled?.rows.provider).toBeLessThan(5_000);
  await pair.subscriber.execute(`delete from entry where id in (7, 15000)`);
  expect((await compareAll(pair, ['entry'], { where: 'id between 100 and 14000' }))[0]).toMatchObject({
    state: 'equal',
  });
  expect(await repairTable(pair, 'entry', 'id < 100')).toMatchObject({
    repaired: 1,
    outcome: { state: 'equal' },
  });
  const [left] = await compareAll(pair, ['entry']);
  expect(left?.findings.first).toEqual([{ kind: 'missing', key: '(15000)', copies: 1 }]);
  const [counted] = await compareAll(pair, ['entry'], { countOnly: true });
  expect(counted).toMatchObject({
    state: 'different',
    rows: { provider: 20_000, subscriber: 19_999 },
    findings: { total: 0 },
  });
});

it('columns whose types differ are compared as the values land', { timeout: 60_000 }, async () => {
  await pair.subscriber.execute(
    'alter table other alter amount type numeric(10,1), alter code type char(12), alter doc type json using doc::text::json, alter id type bigint',
  );
  expect((await compareAll(pair, ['other']))[0]).toMatchObject({ state: 'equal' });
  await pair.provider.execute(`alter table other alter code type text`);
  await pair.subscriber.execute(
    `update other set amount = 0.2 where id = 1; update other set code = 'c' where id = 2`,
  );
  const [different] = await compareAll(pair, ['other']);
  expect(different?.findings.first.map(({ key }) => key).sort()).toEqual(['(1)', '(2)']);
});
