import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';

type Collect = (options: { type: 'minor' }) => void;

let collect: Collect | undefined;

/**
 * Keeps the engine from growing its young generation to 32 MB: what lives there in a daemon of ours is gone after a
 * millisecond, and collecting two megabytes of it more often costs nothing that could be measured.
 */
export function keepHeapSmall(): void {
  setFlagsFromString('--semi-space-growth-factor=1');
}

/**
 * Frees buffers that nobody holds any more. What streams through this process is garbage at once, but lies outside of
 * the engine's heap, so that the engine lets 64 MB of it pile up before it looks. A minor collection takes a
 * millisecond or two.
 */
export function freeBuffers(): void {
  collect ??= exposeCollector();
  collect({ type: 'minor' });
}

/** As the flag --expose-gc would; the flag itself would have to be given wherever the program is started. */
function exposeCollector(): Collect {
  setFlagsFromString('--expose-gc');
  return runInNewContext('gc') as Collect;
}
