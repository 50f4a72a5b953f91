import { readFileSync } from 'node:fs';
import { expect, test } from 'vitest';
import {
  stateAfter,
  statesBefore,
  tableStates,
  transitions,
  type TableEvent,
} from '../../src/table/state.js';
import { root } from '../support/programs.js';

test('the states are those of the check constraint', () => {
  const sql = readFileSync(`${root}sql/londiste/subscriber.sql`, 'utf8');
  const list = /check \(state in \(('wanted'[^)]*)\)\)/.exec(sql)?.[1];
  expect(list?.split(',').map((state) => state.trim().replaceAll("'", ''))).toEqual([...tableStates]);
});

test('an event leads to one state, wherever it happens', () => {
  const events = Object.keys(transitions.wanted) as TableEvent[];
  for (const event of events) {
    const after = new Set(statesBefore(event).map((state) => transitions[state][event]));
    expect([event, [...after]]).toEqual([event, [stateAfter(event)]]);
  }
});

test('every state can be left for a new copy, and every one but the first is reached by an event', () => {
  for (const state of tableStates) expect(transitions[state].resync).toBe('wanted');
  const reached = new Set(tableStates.flatMap((state) => Object.values(transitions[state])));
  for (const state of tableStates) expect(reached.has(state)).toBe(true);
});

test('every state but parked can be parked from, and only an operator, or lost events, end that', () => {
  expect(statesBefore('fail')).toEqual(tableStates.filter((state) => state !== 'parked'));
  const out = Object.entries(transitions.parked).filter(([, state]) => state !== null);
  expect(Object.fromEntries(out)).toEqual({
    resync: 'wanted',
    'expect-sync': 'ok',
    retry: 'catching-up',
    'retry-copy': 'wanted',
    lost: 'wanted',
  });
});
