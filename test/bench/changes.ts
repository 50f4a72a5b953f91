import type { Cluster } from './cluster.js';
import { Wire } from './wire.js';

/** Makes the next single-row statement of one writer. Writers never touch each other's rows, so none waits. */
export type NextChange = () => string;

const perTransaction = 10;

/** Transactions that are sent to a server before it has answered. */
const sentAtOnce = 20;

/** How many sessions make changes. */
export const writerCount = 2;

/**
 * Runs single-row changes in transactions of ten, by a few writers side by side, each statement sent by itself as an
 * application would. Commits are not flushed: only what is done with the changes afterwards is measured. Returns
 * the seconds that it took.
 */
export async function makeChanges(
  provider: Cluster,
  changes: number,
  writers: readonly NextChange[],
): Promise<number> {
  const began = performance.now();
  const each = changes / writers.length / perTransaction;
  await Promise.all(
    writers.map(async (next) => {
      await using wire = await Wire.open(provider.settings);
      await wire.run(['set synchronous_commit = off']);
      for (let done = 0; done < each; done += sentAtOnce) {
        const transactions = Array.from({ length: Math.min(sentAtOnce, each - done) }, () =>
          transaction(next),
        );
        await wire.run(transactions.flat());
      }
    }),
  );
  return (performance.now() - began) / 1000;
}

function transaction(next: NextChange): string[] {
  return ['begin', ...Array.from({ length: perTransaction }, next), 'commit'];
}

/** Numbers from 0 to 1 that are the same in each run: every peer gets the same changes. (mulberry32) */
export function numbers(seed: number): () => number {
  let state = seed;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 4_294_967_296;
  };
}
