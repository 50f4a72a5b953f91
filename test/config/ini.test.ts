import { readFileSync } from 'node:fs';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import {
  fallbackSection,
  interpolate,
  InterpolationError,
  parseIni,
  referredNames,
} from '../../src/config/ini.js';

type Read = 'fault' | Record<string, Record<string, string>>;

/** What Python 3's configparser and Python 2's SafeConfigParser made of a text, written down once. */
const fixtures = JSON.parse(readFileSync(new URL('ini-python.json', import.meta.url), 'utf8')) as {
  text: string;
  python3: Read;
  python2: Read;
}[];

/** Our reading of a text in the form of the fixtures: every value filled in, with those of [DEFAULT] in each section. */
function read(text: string): Read {
  const { sections, faults } = parseIni(text);
  if (faults.length > 0) return 'fault';
  const fallback = sections.get(fallbackSection)?.entries ?? new Map<string, { value: string }>();
  const result: Record<string, Record<string, string>> = {};
  for (const { name, entries } of sections.values()) {
    if (name === fallbackSection) continue;
    const all = new Map<string, { value: string }>([...fallback, ...entries]);
    const filled = [...all].map(([key, { value }]): [string, string] => {
      try {
        return [key, interpolate(value, (other) => all.get(other)?.value)];
      } catch (error) {
        if (error instanceof InterpolationError) return [key, 'fault'];
        throw error;
      }
    });
    result[name] = Object.fromEntries(filled);
  }
  return result;
}

describe('files are read as Python reads them', () => {
  const agreed = fixtures.filter(({ python3, python2 }) => isSame(python3, python2));
  test.each(agreed)('where both Pythons agree: %j', ({ text, python3 }) => {
    expect(read(text)).toEqual(python3);
  });

  const differing = fixtures.filter(({ python3, python2 }) => !isSame(python3, python2));
  test('where they differ, each of the two has its say, and nothing third comes out', () => {
    const byPython3 = differing.filter(({ text, python3 }) => isSame(read(text), python3));
    const byPython2 = differing.filter(({ text, python2 }) => isSame(read(text), python2));
    expect([...byPython3, ...byPython2].map(({ text }) => text).sort()).toEqual(
      differing.map(({ text }) => text).sort(),
    );
    // Comments behind a value, empty lines in it, and an empty value in quotes, as the files of Skytools have them.
    expect(byPython2.map(({ text }) => text)).toEqual([
      '[a]\nx = 1 ; c\ny=a;b\nz = p#w # c\n',
      '[a]\nx = 1\n  2\n\n  3\ny = 4\n',
      '[a]\nx =\ny = ""\n',
    ]);
    expect(byPython3.length).toBeGreaterThan(5);
  });
});

function isSame(a: Read, b: Read): boolean {
  const sorted = (read: Read): unknown =>
    read === 'fault'
      ? read
      : Object.entries(read)
          .map(([name, entries]) => [name, Object.entries(entries).sort()])
          .sort();
  return JSON.stringify(sorted(a)) === JSON.stringify(sorted(b));
}

describe('faults', () => {
  test('all of a text are told, each with its line', () => {
    expect(parseIni('early = 1\n[a]\nx = 1\nnonsense\nX: 2\n[a]\n').faults).toEqual([
      { line: 1, message: 'early: stands before the first [section]' },
      { line: 4, message: 'expected [section] or key = value' },
      { line: 5, message: 'x: is there twice, first in line 3' },
      { line: 6, message: 'section [a] is there twice, first in line 2' },
    ]);
  });

  test('a byte order mark and lines that end in CR LF do not matter', () => {
    const { sections, faults } = parseIni('\uFEFF[a]\r\nx = 1\r\n');
    expect(faults).toEqual([]);
    expect(sections.get('a')?.entries.get('x')).toEqual({ key: 'x', value: '1', line: 2 });
  });

  test.each([
    ['%(a)s', 'circle'],
    ['100%', 'written %%'],
    ['%s', 'written %%'],
    ['%(b)s', 'no key b'],
  ])('interpolating %s', (value, message) => {
    expect(() => interpolate(value, (name) => (name === 'a' ? '%(a)s' : undefined))).toThrow(message);
  });
});

const seeds = 300;
const word = fc.stringMatching(/^[a-z][a-z0-9_]{0,8}$/);
const plain = fc.stringMatching(/^[!-9<-~]([ -:<-~]{0,20}[!-:<-~])?$/).filter((value) => value !== '""');

describe(`random texts (${seeds} of each)`, () => {
  test('a value comes out as it was written, with its line', () => {
    fc.assert(
      fc.property(fc.uniqueArray(fc.tuple(word, plain), { selector: ([key]) => key }), (pairs) => {
        const text = `[s]\n${pairs.map(([key, value]) => `${key} = ${value}`).join('\n')}`;
        const entries = [...(parseIni(text).sections.get('s')?.entries.values() ?? [])];
        expect(entries).toEqual(pairs.map(([key, value], n) => ({ key, value, line: n + 2 })));
      }),
      { numRuns: seeds },
    );
  });

  test('no text at all makes the reader throw', () => {
    fc.assert(
      fc.property(fc.string({ unit: fc.constantFrom(...Array.from(' \t\n\r[]=:;#%()sab"')) }), (text) => {
        const { sections, faults } = parseIni(text);
        expect(sections).toBeInstanceOf(Map);
        for (const { line } of faults) expect(line).toBeGreaterThan(0);
      }),
      { numRuns: seeds * 5 },
    );
  });

  test('doubling each % keeps a value from being filled in', () => {
    fc.assert(
      fc.property(fc.string({ unit: fc.constantFrom(...Array.from('%()sab ')) }), (value) => {
        const doubled = value.replaceAll('%', '%%');
        expect(interpolate(doubled, () => undefined)).toBe(value);
        expect(referredNames(doubled)).toEqual([]);
      }),
      { numRuns: seeds },
    );
  });
});
