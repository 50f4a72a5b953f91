/** Rows that differ have different texts, whatever stands in them. */
import { expect, it } from 'vitest';
import { delimitingOf } from '../../src/compare/delimiting.js';
import { digestedText, rowText } from '../../src/compare/row-text.js';
import { createDatabase, open } from '../support/databases.js';

const types = ['text', 'integer', 'character varying', 'jsonb', 'boolean', 'bpchar', 'numeric', 'text[]'];

/** Few values that look like one another's neighbours, and like what stands between them. */
const values: Readonly<Record<string, string>> = {
  text: `array['', '|', '1', '1|', '|1', '#', '1|1', '#t', null]`,
  integer: `array[1, 11, null]`,
  'character varying': `array['', '1', '|1', '1|1', '#f', null]`,
  jsonb: `array['1', '"|"', '[1, null]', null]::jsonb[]`,
  boolean: `array[true, false, null]`,
  bpchar: `array['', '1', '1  ', '|', null]::character(3)[]`,
  numeric: `array[1, 1.0, 'NaN', null]::numeric[]`,
  'text[]': `null`,
};

it.each([1, 13])('the columns %i times in a row', { timeout: 60_000 }, async (times) => {
  const session = await open(await createDatabase('newest'));
  const columns = Array.from({ length: times }, (_, n) =>
    types.map((type) => ({ name: `${type} ${n}`, type })),
  ).flat();
  const list = columns
    .map(({ name, type }) => `"${name}" ${type === 'bpchar' ? 'character(3)' : type}`)
    .join(', ');
  const drawn = columns.map(({ type }) =>
    type === 'text[]'
      ? `case when n % 2 = 0 then array[(${values['text']})[1 + random() * 8]] end`
      : `(${values[type] ?? ''})[ceil(random() * cardinality(${values[type] ?? ''}))]`,
  );
  await session.execute(`create table t (${list}); select setseed(0.5);
    insert into t select ${drawn.join(', ')} from generate_series(1, 4000) n`);
  // Where there are many columns, rows that differ in one place only.
  if (times > 1)
    for (const { name } of columns)
      await session.execute(
        `insert into t select (jsonb_populate_record(t, jsonb_build_object('${name}', null))).* from (select t from t limit 3) x`,
      );
  const subject = {
    columns: columns.map(({ name }) => name),
    delimiting: columns.map(({ type }) => delimitingOf(type)),
  };
  const [counts] = await session.query<{ records: number; texts: number; wrong: number }>(
    `select count(distinct record) as records, count(distinct digested) as texts, count(*) filter (where digested is null) as wrong
       from (select ${rowText(subject)} as record, ${digestedText(subject, { sameBytes: true })} as digested from t) x`,
  );
  await session.end();
  expect(counts).toEqual({ records: counts?.records, texts: counts?.records, wrong: 0 });
  expect(counts?.records).toBeGreaterThan(3000);
});
