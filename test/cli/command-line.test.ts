import { expect, test } from 'vitest';
import { splitCommandLine } from '../../src/cli/command-line.js';

const commands = new Set(['provider', 'subscriber', 'replay', 'demo', 'help']);
const split = (line: string): unknown => splitCommandLine(line.split(' '), commands);

test.each([
  ['replica.ini provider add entry', 'replica.ini', 'provider add entry', undefined],
  ['-v replica.ini provider add entry', 'replica.ini', '-v provider add entry', undefined],
  ['--set a=b replica.ini replay -d', 'replica.ini', '--set a=b replay -d', undefined],
  ['some/where/replica replay', 'some/where/replica', 'replay', undefined],
  ['replica replay', 'replica', 'replay', undefined],
  ['replay -d', undefined, 'replay -d', undefined],
  ['provider add demo', undefined, 'provider add demo', undefined],
  ['replica.ini -s', 'replica.ini', '-s', 'SIGINT'],
  ['-k replica', 'replica', '-k', 'SIGTERM'],
  ['replica.ini replay --reload', 'replica.ini', 'replay --reload', 'SIGHUP'],
  ['proivder add entry', undefined, 'proivder add entry', undefined],
  ['--help', undefined, '--help', undefined],
])('%s', (line, config, rest, signal) => {
  expect(split(line)).toEqual({ config, rest: rest.split(' '), signal });
});
