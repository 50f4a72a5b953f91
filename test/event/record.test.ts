import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { arrayLiteral } from '../../src/event/array.js';
import { fieldValue, joinRecord, splitRecord } from '../../src/event/record.js';
import { createDatabase, open, type Which } from '../support/databases.js';

/** Characters that the formats treat specially, and some that they do not. */
const hostile = fc.string({
  unit: fc.constantFrom('"', '\\', ',', '(', ')', '{', '}', ' ', '\t', '\n', '\r', "'", 'a', 'é', '😀', 'N'),
});
const value = fc.option(fc.oneof(hostile, fc.constantFrom('NULL', 'null', '\\N', '')), { nil: null });
const row = fc.array(value, { minLength: 1, maxLength: 6 });

describe('records as text', () => {
  test('a record is its fields', () => {
    expect(splitRecord('(1,"two words",,"")')).toEqual(['1', '"two words"', '', '""']);
    expect(splitRecord('(1,"two words",,"")').map(fieldValue)).toEqual(['1', 'two words', null, '']);
    expect(splitRecord('()')).toEqual(['']);
  });

  test('what is no record is refused', () => {
    for (const text of ['', '1,2', '(1', '("a)', '("a\\")'])
      expect(() => splitRecord(text)).toThrow('not a row');
  });

  test.each(['oldest', 'newest'] as const)('PostgreSQL (%s) and we read each other', async (which: Which) => {
    await using session = await open(await createDatabase(which));
    await fc.assert(
      fc.asyncProperty(fc.array(row, { minLength: 1, maxLength: 5 }), async (rows) => {
        const width = Math.max(...rows.map((fields) => fields.length));
        const square = rows.map((fields) => [
          ...fields,
          ...new Array<null>(width - fields.length).fill(null),
        ]);
        const columns = Array.from({ length: width }, (_, n) => `$${n + 1}::text`).join(', ');
        for (const fields of square) {
          const { record } = await session.one<{ record: string }>(
            `select row(${columns})::text as record`,
            fields,
          );
          expect(splitRecord(record).map(fieldValue)).toEqual(fields);
          expect(joinRecord(splitRecord(record))).toBe(record);
        }
        const flat = square.flat();
        const back = await session.query<{ e: string | null }>(
          `select e from unnest($1::text[]) with ordinality u(e, n) order by n`,
          [arrayLiteral(flat)],
        );
        expect(back.map(({ e }) => e)).toEqual(flat);
      }),
      { numRuns: 60 },
    );
  });
});
