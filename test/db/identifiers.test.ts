import { describe, expect, test } from 'vitest';
import { parseName, parsePattern } from '../../src/db/identifiers.js';

describe('a name as it is typed', () => {
  test.each([
    ['entry', { schema: 'public', name: 'entry' }],
    ['shop.entry', { schema: 'shop', name: 'entry' }],
    ['"odd.schema"."my ""table"""', { schema: 'odd.schema', name: 'my "table"' }],
    ['sh"op.x"y.Entry', { schema: 'shop.xy', name: 'Entry' }],
    ['"*"', { schema: 'public', name: '*' }],
  ])('%s', (typed, name) => {
    expect(parseName(typed)).toEqual(name);
  });

  test.each(['', '.', 'a.', '.a', 'a.b.c', '""', '"open'])('%s is none', (typed) => {
    expect(() => parseName(typed)).toThrow(/not a table|never closed/);
  });
});

describe('a pattern', () => {
  test.each([
    ['shop.*', { schema: 'shop', name: 'entry' }, true],
    ['shop.*', { schema: 'shop2', name: 'entry' }, false],
    ['*', { schema: 'public', name: 'entry' }, true],
    ['*', { schema: 'shop', name: 'entry' }, false],
    ['*.*', { schema: 'Odd schema', name: 'a.b' }, true],
    ['log_?', { schema: 'public', name: 'log_1' }, true],
    ['log_?', { schema: 'public', name: 'log_12' }, false],
    ['log_?', { schema: 'public', name: 'logx1' }, false],
    ['"a*"*', { schema: 'public', name: 'a*b' }, true],
    ['"a*"*', { schema: 'public', name: 'ab' }, false],
    ['"a.b".x-[*', { schema: 'a.b', name: 'x-[1' }, true],
    ['"a.b".*', { schema: 'axb', name: 'x' }, false],
    ['Ä?.*', { schema: 'Ä€', name: 'line\nbreak' }, true],
  ])('%s of %o: %s', (typed, name, fits) => {
    expect(parsePattern(typed)?.(name)).toBe(fits);
  });

  test.each(['entry', 'shop.entry', '"*"."?"', '"all*"'])('%s is a name', (typed) => {
    expect(parsePattern(typed)).toBeUndefined();
  });
});
