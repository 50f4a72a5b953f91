/**
 * The states of a table on a subscriber, and who may move it out of each.
 *
 *           CLI            copier         copier           copier            copier        replay
 *  (none) ------> wanted -------> copying -------> building -------> catching-up -------> ready -------> ok
 *                   ^  resync: CLI    \________________ any error of the table: owner ________/           |
 *                   +------------------------------------- parked <----------- replay ------------------ +
 *                                                             |  retry: CLI -> catching-up at its position,
 *                                                             |         -> wanted where its copy failed
 *
 * Where the provider has lost the events that a table with a position of its own still needs, because its hold
 * consumer was dropped, that table is `lost` and goes to `wanted`. `resync` and `remove` may come in any state, and so may
 * an operator's word that the rows are equal (`expect-sync`), which makes it `ok`. Whoever changes a table that replay may hold (`ready`, `ok`) locks the
 * position row first, which replay holds for its whole transaction.
 */
export const tableStates = ['wanted', 'copying', 'building', 'catching-up', 'ready', 'ok', 'parked'] as const;

export type TableState = (typeof tableStates)[number];

export type Owner = 'copier' | 'replay' | 'operator';

/** Who alone may move a table out of a state (an operator may always ask for a new copy). */
export const owners: Readonly<Record<TableState, Owner>> = {
  wanted: 'copier',
  copying: 'copier',
  building: 'copier',
  'catching-up': 'copier',
  ready: 'replay',
  ok: 'replay',
  parked: 'operator',
};

/** What can happen to a table, and the state that follows; null where it cannot happen in that state. */
export type TableEvent =
  | 'resync'
  | 'expect-sync'
  | 'start-copy'
  | 'copy-step'
  | 'landed'
  | 'built'
  | 'step'
  | 'caught-up'
  | 'behind'
  | 'taken-over'
  | 'retry'
  | 'retry-copy'
  | 'lost'
  | 'fail';

export const transitions: Readonly<Record<TableState, Readonly<Record<TableEvent, TableState | null>>>> = {
  wanted: row({
    resync: 'wanted',
    'expect-sync': 'ok',
    'start-copy': 'copying',
    lost: 'wanted',
    fail: 'parked',
  }),
  // One that was cut off starts again: with the ranges that have not landed, or with all. Events may be applied between ranges.
  copying: row({
    resync: 'wanted',
    'expect-sync': 'ok',
    'start-copy': 'copying',
    'copy-step': 'copying',
    landed: 'building',
    lost: 'wanted',
    fail: 'parked',
  }),
  building: row({
    resync: 'wanted',
    'expect-sync': 'ok',
    built: 'catching-up',
    lost: 'wanted',
    fail: 'parked',
  }),
  'catching-up': row({
    resync: 'wanted',
    'expect-sync': 'ok',
    step: 'catching-up',
    'caught-up': 'ready',
    lost: 'wanted',
    fail: 'parked',
  }),
  ready: row({
    resync: 'wanted',
    'expect-sync': 'ok',
    behind: 'catching-up',
    'taken-over': 'ok',
    lost: 'wanted',
    fail: 'parked',
  }),
  ok: row({ resync: 'wanted', 'expect-sync': 'ok', fail: 'parked' }),
  parked: row({
    resync: 'wanted',
    'expect-sync': 'ok',
    retry: 'catching-up',
    'retry-copy': 'wanted',
    lost: 'wanted',
  }),
};

function row(some: Partial<Record<TableEvent, TableState>>): Record<TableEvent, TableState | null> {
  const none: Record<TableEvent, TableState | null> = {
    resync: null,
    'expect-sync': null,
    'start-copy': null,
    'copy-step': null,
    landed: null,
    built: null,
    step: null,
    'caught-up': null,
    behind: null,
    'taken-over': null,
    retry: null,
    'retry-copy': null,
    lost: null,
    fail: null,
  };
  return { ...none, ...some };
}

/** The states in which an event may happen, for the update that names the state it expects. */
export function statesBefore(event: TableEvent): TableState[] {
  return tableStates.filter((state) => transitions[state][event] !== null);
}

/** The state after an event. */
export function stateAfter(event: TableEvent): TableState {
  const [first] = statesBefore(event);
  const after = first === undefined ? null : transitions[first][event];
  if (after === null) throw new Error(`no state allows ${event}`);
  return after;
}
