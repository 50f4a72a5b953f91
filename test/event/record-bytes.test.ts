import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { wholeLines } from '../../src/event/copy-text.js';
import { insideRecord, KeyReader, longestLine, recordToLine } from '../../src/event/record-bytes.js';
import { createDatabase, open, type Which } from '../support/databases.js';

/** A record as it would stand in a line of COPY. */
function lineOf(record: string, keep: readonly boolean[]): string {
  const bytes = Buffer.from(`xx${record}yy`);
  const out = Buffer.alloc(longestLine(bytes.length, keep.length));
  const span = insideRecord(bytes, 2, bytes.length - 2);
  return out.toString('utf8', 0, recordToLine(bytes, span, { keep, out, to: 0 }));
}

describe('a record as a line of COPY', () => {
  test('fields lose their quotes, NULL and the empty string stay two things', () => {
    expect(lineOf('(1,"two words",,"")', [true, true, true, true])).toBe('1\ttwo words\t\\N\t\n');
    expect(lineOf('(,)', [true, true])).toBe('\\N\t\\N\n');
    expect(lineOf('()', [true])).toBe('\\N\n');
    expect(lineOf('("a ""quoted"" word","back\\\\\\\\slash","line\\nend")', [true, true, true])).toBe(
      'a "quoted" word\tback\\\\slash\tline\\nend\n',
    );
  });

  test('fields that are not wanted are left out', () => {
    expect(lineOf('(1,"a,b",3)', [false, true, false])).toBe('a,b\n');
    expect(lineOf('(1,2,3)', [true, false, true])).toBe('1\t3\n');
  });

  test.each([
    ['1,2', 'must begin with'],
    ['(1,2', 'must begin with'],
    ['(1)', 'fewer fields'],
    ['(1,2,3)', 'more fields'],
    ['("1,2)', 'never closed'],
    ['("1"2,3)', 'follows a closed quote'],
    ['("a\\"b",3)', 'follows a closed quote'],
  ])('%s is an error', (record, message) => {
    expect(() => lineOf(record, [true, true])).toThrow(message);
  });
});

const hostile = fc.oneof(
  fc.string({
    unit: fc.constantFrom('\\', '"', ',', '(', ')', '\t', '\n', '\r', ' ', 'N', '.', 'é', '😀', 'a'),
  }),
  fc.constantFrom('', '\\N', '\\.', '""', '()', 'NULL', '{}', 'x'.repeat(300), '"'.repeat(70)),
);

test.each(['oldest', 'newest'] as const)(
  'what the server (%s) writes as records it takes back as lines, value for value',
  async (which: Which) => {
    await using session = await open(await createDatabase(which));
    await session.execute('create table t (id int, a text, b text, c text); create table u (like t)');
    const value = fc.option(hostile, { nil: null });
    await fc.assert(
      fc.asyncProperty(
        fc.array(fc.tuple(value, value, value), { minLength: 1, maxLength: 8 }),
        async (rows) => {
          await session.execute('truncate t, u');
          for (const [n, [a, b, c]] of rows.entries())
            await session.execute('insert into t values ($1, $2, $3, $4)', [n, a, b, c]);
          const lines: string[] = [];
          for await (const some of wholeLines(
            session.copyOut('copy (select t::text from t order by id) to stdout'),
          ))
            for (const record of some.toString().split('\n').slice(0, -1))
              lines.push(lineOf(record, [true, true, true, true]));
          await session.copyIn('copy u from stdin', [Buffer.from(lines.join(''))]);
          expect(await session.query('select * from u order by id')).toEqual(
            await session.query('select * from t order by id'),
          );
        },
      ),
      { numRuns: 60 },
    );
  },
);

test('two keys have one spelling exactly when they are equal, in whole rows and among the key alone', async () => {
  await using session = await open(await createDatabase('newest'));
  await session.execute('create table t (x int, k1 text, k2 text)');
  const keyInRow = new KeyReader([2, 1], { isWhole: false });
  const keyAlone = new KeyReader([1, 0], { isWhole: true });
  const spelling = (reader: KeyReader, record: string): string => {
    const bytes = Buffer.from(record);
    reader.read(bytes, insideRecord(bytes, 0, bytes.length));
    return reader.bytes.toString('utf8', reader.start, reader.end);
  };
  const spelled = new Map<string, string>();
  await fc.assert(
    fc.asyncProperty(hostile, hostile, async (k1, k2) => {
      await session.execute('truncate t');
      await session.execute('insert into t values (5, $1, $2)', [k1, k2]);
      const { row, key } = await records();
      const name = JSON.stringify([k1, k2]);
      expect(spelling(keyAlone, key)).toBe(spelling(keyInRow, row));
      expect(spelled.get(spelling(keyInRow, row)) ?? name).toBe(name);
      spelled.set(spelling(keyInRow, row), name);
    }),
    { numRuns: 200 },
  );

  async function records(): Promise<{ row: string; key: string }> {
    let text = '';
    for await (const some of session.copyOut('copy (select t::text, row(k1, k2)::text from t) to stdout'))
      text += some.toString();
    const [row = '', key = ''] = text.trimEnd().split('\t');
    return { row, key };
  }
});
