import { isDeepStrictEqual } from 'node:util';
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { KeyTable } from '../../src/replay/key-table.js';

interface Model {
  expected: boolean;
  image: string | undefined;
}

test('a key ends as what was said of it last, whatever its bytes, its table and the size of its images', () => {
  const table = new KeyTable();
  const key = fc.oneof(
    fc.stringMatching(/^[0-9]{1,3}$/),
    fc.string({ unit: 'binary', maxLength: 40 }),
    fc.constantFrom('', '0', '00', '"', '\\\\'),
  );
  const image = fc.oneof(
    { weight: 9, arbitrary: fc.string({ unit: 'binary', maxLength: 80 }) },
    { weight: 1, arbitrary: fc.integer({ min: 262_130, max: 262_190 }).map((length) => 'x'.repeat(length)) },
  );
  const change = fc.record({
    owner: fc.integer({ min: 1, max: 3 }),
    key,
    fresh: fc.boolean(),
    image: fc.option(image, { nil: undefined }),
  });
  // So many keys that the table must grow, which random ones do not need to be.
  const many = Array.from({ length: 2_000 }, (_, n) => ({
    owner: 1 + (n % 3),
    key: String(n),
    fresh: n % 2 === 0,
    image: 'x',
  }));
  let [most, replaced] = [0, 0];
  fc.assert(
    fc.property(fc.array(change, { maxLength: 3_000, size: 'max' }), (changes) => {
      table.reset();
      const model = new Map<string, Model>();
      const sources: [Buffer, number][] = [];
      for (const { owner, key: text, fresh, image: next } of changes) {
        const bytes = Buffer.from(`prefix${text}suffix`);
        const entry = table.entry(owner, bytes, 6, bytes.length - 6);
        const name = `${owner}/${text}`;
        const known = model.get(name);
        if (table.isNew(entry) !== (known === undefined)) throw new Error(`${name} is taken for another key`);
        if (known === undefined) table.setExpected(entry, !fresh);
        else replaced += 1;
        if (next === undefined) table.setGone(entry);
        else {
          const source = Buffer.from(`>${next}<what comes after it in the same buffer`);
          table.setImage(entry, source, 1, Buffer.byteLength(next) + 1);
          sources.push([source, Buffer.byteLength(next) + 1]);
        }
        model.set(name, { expected: known?.expected ?? !fresh, image: next });
      }
      expect(table.size).toBe(model.size);
      for (let entry = 0; entry < table.size; entry += 1) {
        const name = `${table.owner(entry)}/${Buffer.from(table.key(entry), 'latin1').toString()}`;
        const is = { expected: table.isExpected(entry), image: imageOf(table, entry) };
        if (!isDeepStrictEqual(is, model.get(name)))
          throw new Error(`${name} is not what was said of it last`);
      }
      expect(
        sources.filter(([source, end]) => !source.toString('latin1', end).startsWith('<what comes')),
      ).toEqual([]);
      most = Math.max(most, table.size);
    }),
    { numRuns: 13, examples: [[many]] },
  );
  console.log(`up to ${most} keys, ${replaced} times the same key again`);
  expect(most).toBeGreaterThan(1_024);
  expect(replaced).toBeGreaterThan(100);
});

function imageOf(table: KeyTable, entry: number): string | undefined {
  return table.hasImage(entry) ? table.image(entry).toString() : undefined;
}

test('what it takes grows with what it holds, and a thousand images of one key take the place of one', () => {
  const table = new KeyTable();
  const row = Buffer.from('(1,"some text",5)');
  for (let n = 0; n < 100_000; n += 1)
    table.setImage(table.entry(1, row, 1, 2), row, 0, row.length - (n % 3));
  expect(table.bytes).toBeLessThan(2 * 1024 * 1024);
  for (let n = 0; n < 100_000; n += 1) {
    const bytes = Buffer.from(`(${n},"some text",5)`);
    table.setImage(table.entry(1, bytes, 1, bytes.indexOf(',')), bytes, 0, bytes.length);
  }
  expect(table.bytes).toBeGreaterThan(5 * 1024 * 1024);
  expect(table.bytes).toBeLessThan(20 * 1024 * 1024);
  table.reset();
  expect(table.bytes).toBe(0);
});

test('copies of rows are counted, more and fewer, and equal bytes are one row however large', () => {
  const table = new KeyTable();
  for (const row of [Buffer.from('>(1,x)<'), Buffer.from(`>(${'y'.repeat(300_000)})<`)]) {
    const entries = [1, 1, -1, 1, -1, -1, -1].map((by) => {
      const entry = table.entry(1, Buffer.from(row), 1, row.length - 1);
      if (table.isNew(entry)) table.setExpected(entry, true);
      table.addCopies(entry, by);
      return entry;
    });
    const [entry = -1] = entries;
    expect(new Set(entries).size).toBe(1);
    expect(table.copies(entry)).toBe(-1);
    expect(table.keyBytes(entry).equals(row.subarray(1, -1))).toBe(true);
    expect(table.keyLength(entry)).toBe(row.length - 2);
  }
  expect(table.size).toBe(2);
});
