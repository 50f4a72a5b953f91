import { describe, expect, test } from 'vitest';
import { didYouMean, suggest } from '../../src/kernel/suggest.js';

describe('the name that was probably meant', () => {
  test.each([
    ['loop_dealy', 'loop_delay'],
    ['LogFile', 'logfile'],
    ['prot', 'port'],
    ['hst', 'host'],
  ])('%s is %s', (typed, meant) => {
    expect(suggest(typed, ['loop_delay', 'logfile', 'port', 'host'])).toBe(meant);
  });

  test('a word that is far from all is not guessed', () => {
    expect(suggest('replication', ['port', 'host'])).toBeUndefined();
    expect(didYouMean('replication', ['port', 'host'])).toBe('');
  });

  test('of several the nearest, and of equals the first', () => {
    expect(didYouMean('tabel', ['label', 'table'])).toBe(' (did you mean label?)');
    expect(didYouMean('tabl', ['cable', 'table'])).toBe(' (did you mean table?)');
  });
});
