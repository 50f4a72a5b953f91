import fc from 'fast-check';
import { expect, test } from 'vitest';
import { fieldText, wholeLines } from '../../src/event/copy-text.js';
import { createDatabase, open } from '../support/databases.js';

async function* pieces(buffer: Buffer, size: number): AsyncGenerator<Buffer> {
  for (let at = 0; at < buffer.length; at += size) yield buffer.subarray(at, at + size);
  await Promise.resolve();
}

async function read(chunks: AsyncIterable<Buffer>): Promise<(string | null)[][]> {
  const rows = [];
  for await (const lines of wholeLines(chunks)) {
    for (let start = 0; start < lines.length; start = lines.indexOf(10, start) + 1)
      rows.push(fieldsOf(lines.subarray(start, lines.indexOf(10, start))));
  }
  return rows;
}

function fieldsOf(line: Buffer): (string | null)[] {
  return line
    .toString('latin1')
    .split('\t')
    .map((field) => (field === '\\N' ? null : fieldText(Buffer.from(field, 'latin1'))));
}

test('what COPY writes is read back, however it is cut', async () => {
  await using session = await open(await createDatabase('newest'));
  await session.execute('create table t (n int, a text, b text)');
  const hostile = fc.string({
    unit: fc.constantFrom('\\', '\t', '\n', '\r', '\b', '\f', '\v', 'N', 'é', '😀', 'x', '.'),
  });
  const value = fc.option(fc.oneof(hostile, fc.constantFrom('\\N', '\\.', '')), { nil: null });
  await fc.assert(
    fc.asyncProperty(
      fc.array(fc.tuple(value, value), { maxLength: 4 }),
      fc.integer({ min: 1, max: 7 }),
      async (rows, size) => {
        await session.execute('truncate t');
        for (const [n, [a, b]] of rows.entries())
          await session.execute('insert into t values ($1, $2, $3)', [n, a, b]);
        const chunks: Buffer[] = [];
        for await (const chunk of session.copyOut('copy (select a, b from t order by n) to stdout'))
          chunks.push(chunk);
        expect(await read(pieces(Buffer.concat(chunks), size))).toEqual(rows);
      },
    ),
    { numRuns: 100 },
  );
});

test('a value of many megabytes is read in time that grows with its size alone', async () => {
  const value = 'x\\\\'.repeat(10_000_000);
  const began = Date.now();
  const [row] = await read(pieces(Buffer.from(`1\t${value}\n`), 65_536));
  expect(row?.[1]?.length).toBe(20_000_000);
  // It took minutes when each chunk was looked at together with all before it.
  expect(Date.now() - began).toBeLessThan(15_000);
});

test('bytes that are no UTF-8 are an error, not a replacement character', async () => {
  await expect(read(pieces(Buffer.from([0x61, 0xff, 0x0a]), 10))).rejects.toThrow();
  await expect(read(pieces(Buffer.from('half a row'), 10))).rejects.toThrow('without a line end');
});
