/** What an SQLSTATE makes of a table while changes are applied to it. */
import { describe, expect, test } from 'vitest';
import { asDatabaseError, kindOf } from '../../src/db/sqlstate.js';
import { failures, type TableReaction } from '../../src/kernel/errors.js';

describe('a table parks for what lies in it, and is tried again for what passes or concerns the whole server', () => {
  test.each<[TableReaction, string, string]>([
    ['park', 'data', '22P02 22001 22003 22021 23502 23503 23505 23514 23P01 44000 54000 54001'],
    ['park', 'schema', '42P01 42703 42804 42883 428C9 3F000 2BP01'],
    ['park', 'rights', '42501 0LP01'],
    ['park', 'refused', 'P0001 P0002 P0004 09000 27000 2D000 38000 39P01 0A000 55000 HV000'],
    ['park', 'damaged', 'XX001 XX002'],
    ['park', 'bug', 'XX000 42601 25001 26000'],
    ['retry', 'read-only', '25006'],
    ['retry', 'busy', '40001 40P01 40003 55P03 55006 72000'],
    ['retry', 'resources', '53000 53100 53200 53300 53400 58030'],
    ['retry', 'cancelled', '57014 57000 25P04'],
    ['retry', 'starting', '57P03'],
    [
      'retry',
      'unreachable',
      '08006 57P01 57P02 57P04 57P05 25P03 ECONNRESET EPIPE ERR_STREAM_PREMATURE_CLOSE',
    ],
    ['stop', 'fenced', 'LD001'],
    ['stop', 'auth', '28P01'],
  ])('%s, %s: %s', (reaction, kind, codes) => {
    for (const code of codes.split(' ')) expect([code, kindOf(code)]).toEqual([code, kind]);
    expect(failures[kindOf(codes.split(' ')[0])].table).toBe(reaction);
  });
});

describe('what an error tells of its row', () => {
  const told = (reported: object): string | undefined =>
    asDatabaseError(Object.assign(new Error('message'), reported), 'subscriber').key;

  test('is found in any language and never in the message', () => {
    const detail = 'Schlüssel »(id)=(17)« existiert bereits.';
    expect(told({ code: '23505', detail })).toBe('(id)=(17)');
    expect(told({ code: '23514', detail: 'Failing row contains (17, a\nb).' })).toBe('(17, a\nb)');
    expect(told({ code: '22P02', where: 'COPY entry, Zeile 3, Spalte n: »abc«' })).toBe('Spalte n: »abc«');
    expect(
      told({ code: 'P0001', where: 'PL/pgSQL function f() line 2 at RAISE\nCOPY entry, line 3: "17\tx"' }),
    ).toBe('"17\tx"');
    expect(told({ code: '23505' })).toBeUndefined();
    expect(told({ code: '42703', where: 'COPY entry' })).toBeUndefined();
    const error = asDatabaseError({ code: '23505', detail, message: detail, table: 'entry' }, 'subscriber');
    expect(`${error.message} ${error.hint}`).not.toContain('17');
    const where = 'COPY entry, line 3, column n: "abc"';
    expect(asDatabaseError({ code: '22P02', message: 'invalid: "abc"', where }, 'subscriber').message).toBe(
      'subscriber: the server refused a value (SQLSTATE 22P02): column n',
    );
  });
});
