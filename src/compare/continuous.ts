import { isStopped, sleep } from '../kernel/clock.js';
import { asLondisteError, type LondisteError } from '../kernel/errors.js';
import { noteCompared } from '../londiste/compare-state.js';
import type { Comparison, CompareOptions, TableOutcome } from './compare.js';
import { Pace } from './pace.js';
import type { RangeSizes } from './ranges.js';

/** Ranges that are compared in a second. */
const rangesPerSecond = 3;

/** Small: a range should cost neither side more than some milliseconds. A slice costs reading the table whatever its size is. */
const sizes: RangeSizes = { keys: 20_000, slices: 1_000_000 };

/** How long to wait when replay is not there or too far behind, or there is nothing to compare, in milliseconds. */
const pauseMs = 5_000;

interface Continuing {
  readonly options: CompareOptions;
  readonly onOutcome: (outcome: TableOutcome) => void;
  /** Told why nothing can be compared for now, once until that passes. */
  readonly onPause: (error: LondisteError) => void;
}

/**
 * Compares table after table, a few ranges a second, until the bench is stopped, and keeps on the subscriber up to which tick each was
 * equal.
 */
export async function compareForever(
  comparison: Comparison,
  typed: readonly string[],
  { options, onOutcome, onPause }: Continuing,
): Promise<void> {
  const { subscriber, name, stop } = comparison.bench;
  const isWhole = options.where === undefined && options.countOnly !== true && options.sample === undefined;
  const pace = new Pace(rangesPerSecond);
  let isPaused = false;
  while (!stop.aborted) {
    let compared = 0;
    for (const table of await comparison.tables(typed)) {
      // A pass that was cut off says nothing of the rest.
      if (isStopped(stop)) return;
      try {
        const outcome = await comparison.compare(table, { sizes, ...options, pace });
        if (isStopped(stop)) return;
        onOutcome(outcome);
        isPaused = false;
        const { state, ticks, beganAt = 0, findings, rows } = outcome;
        if (state === 'not-compared' || ticks === undefined) continue;
        compared += 1;
        if (isWhole)
          await noteCompared(subscriber, name, {
            table: table.name,
            equalTick: state === 'equal' ? ticks.first : undefined,
            agoMs: Date.now() - beganAt,
            differing:
              state === 'equal' ? 0 : Math.max(1, findings.total, Math.abs(rows.provider - rows.subscriber)),
          });
      } catch (thrown) {
        const error = asLondisteError(thrown);
        if (error.kind !== 'refused' && error.kind !== 'busy') throw error;
        if (!isPaused) onPause(error);
        isPaused = true;
        break;
      }
    }
    if (compared === 0 || isPaused) await sleep(pauseMs, stop);
  }
}
