/**
 * The model of protocols 3.1: copies in several ways beside random transactions. Each way that is proven right is right at a tick
 * that contains every snapshot of the copy; each that is not is found wrong.
 */
import { expect, test } from 'vitest';
import type { Snapshot } from '../../src/table/snapshot.js';
import { isLong, randomFrom, seed as base } from '../support/random-stories.js';
import { blockCount, History, keyCount, type ModelEvent } from './history.js';

/** A way to copy. */
interface Way {
  readonly name: string;
  readonly isRight: boolean;
  readonly by: 'keys' | 'blocks';
  /** All pieces under one snapshot, each under its own, or as a copy that was cut off: some under a first, the rest under a second. */
  readonly snapshots: 'one' | 'own' | 'two';
  /** Which events are passed over: those in the first or the last snapshot, in that of the piece which holds the key, or none. */
  readonly filter: 'first' | 'last' | 'piece' | 'none';
  /** Whether events are applied between pieces: before a snapshot is taken, or after it and before the rows of it land. */
  readonly applies?: 'before-snapshot' | 'before-landing';
  /** Whether the table is rewritten between pieces, and whether the copy starts over then. */
  readonly rewrite?: 'ignored' | 'noticed';
}

const ways: readonly Way[] = [
  { name: 'one snapshot', isRight: true, by: 'blocks', snapshots: 'one', filter: 'first' },
  { name: 'keys, each event by its piece', isRight: true, by: 'keys', snapshots: 'own', filter: 'piece' },
  { name: 'keys, no filter', isRight: true, by: 'keys', snapshots: 'own', filter: 'none' },
  { name: 'blocks, by the first', isRight: true, by: 'blocks', snapshots: 'own', filter: 'first' },
  { name: 'blocks, no filter', isRight: true, by: 'blocks', snapshots: 'own', filter: 'none' },
  { name: 'cut off and gone on with', isRight: true, by: 'blocks', snapshots: 'two', filter: 'first' },
  {
    name: 'events between pieces',
    isRight: true,
    by: 'blocks',
    snapshots: 'own',
    filter: 'first',
    applies: 'before-snapshot',
  },
  {
    name: 'rewritten, starts over',
    isRight: true,
    by: 'blocks',
    snapshots: 'two',
    filter: 'first',
    rewrite: 'noticed',
  },
  {
    name: 'events between snapshot and landing',
    isRight: false,
    by: 'keys',
    snapshots: 'own',
    filter: 'first',
    applies: 'before-landing',
  },
  { name: 'keys, by the last', isRight: false, by: 'keys', snapshots: 'own', filter: 'last' },
  { name: 'blocks, by the last', isRight: false, by: 'blocks', snapshots: 'own', filter: 'last' },
  { name: 'cut off, by the last', isRight: false, by: 'blocks', snapshots: 'two', filter: 'last' },
  {
    name: 'rewritten, goes on',
    isRight: false,
    by: 'blocks',
    snapshots: 'two',
    filter: 'first',
    rewrite: 'ignored',
  },
];

const pieces = 4;

/** Whether the copy is what the provider was at a tick that contains all its snapshots. */
function isRightFor(way: Way, seed: number): boolean {
  const random = randomFrom(seed);
  const history = new History(random);
  const some = (): void => {
    for (let n = random(12); n > 0; n -= 1) history.step();
  };
  const copy = new Map<number, number>();
  const apply = (events: readonly ModelEvent[]): void => {
    for (const { key, value } of events) {
      if (value === undefined) copy.delete(key);
      else copy.set(key, value);
    }
  };
  some();
  const start = history.snapshot();
  some();
  const taken: Snapshot[] = [];
  let position: Snapshot | undefined;
  const step = (): void => {
    const tick = history.snapshot();
    apply(history.between(position ?? taken[0] ?? start, tick));
    position = tick;
  };
  let rewriteAt = way.rewrite === undefined ? -1 : 1 + random(pieces - 1);
  for (let piece = 0; piece < pieces; piece += 1) {
    if (piece === rewriteAt) {
      history.rewrite();
      rewriteAt = -1;
      if (way.rewrite === 'noticed') {
        copy.clear();
        taken.length = 0;
        piece = 0;
      }
    }
    if (way.applies === 'before-snapshot' && taken.length > 0 && random(2) === 0) step();
    const isNew = way.snapshots === 'own' || taken.length === 0 || (way.snapshots === 'two' && piece === 2);
    const at = isNew ? history.snapshot() : (taken.at(-1) ?? start);
    taken.push(at);
    some();
    if (way.applies === 'before-landing' && random(2) === 0) step();
    const rows = history.rows(
      at,
      ({ key, block }) => (way.by === 'keys' ? pieceOf(key, keyCount) : pieceOf(block, blockCount)) === piece,
    );
    for (const [key, value] of rows) copy.set(key, value);
    some();
  }
  const tick = history.snapshot();
  const last = taken.at(-1) ?? start;
  const from = { first: taken[0] ?? start, last, piece: start, none: start }[way.filter];
  const events = history.between(position ?? from, tick);
  apply(
    way.filter === 'piece'
      ? events.filter(({ transaction, key }) => taken[pieceOf(key, keyCount)]?.sees(transaction) !== true)
      : events,
  );
  for (const snapshot of taken) expect(tick.contains(snapshot)).toBe(true);
  return sorted(copy) === sorted(history.rows(tick));
}

function pieceOf(n: number, of: number): number {
  return Math.floor((n * pieces) / of);
}

function sorted(rows: ReadonlyMap<number, number>): string {
  return JSON.stringify([...rows].sort(([a], [b]) => a - b));
}

const seeds = isLong ? 20_000 : 3_000;

test.each(ways)('$name: $isRight', { timeout: 300_000 }, (way) => {
  const from = base * 1000;
  const wrong = Array.from({ length: seeds }, (_, n) => from + n).filter((seed) => !isRightFor(way, seed));
  console.log(`${way.name}: wrong in ${wrong.length} of ${seeds} (from LONDISTE_TEST_SEED=${base})`);
  if (way.isRight) expect(wrong).toEqual([]);
  else expect(wrong.length).toBeGreaterThan(seeds / 100);
});
