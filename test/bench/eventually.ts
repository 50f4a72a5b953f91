import { sleep } from '../../src/kernel/clock.js';

/** Waits until something is so; throws what it waited for when it is not so in time. */
export async function eventually(
  what: string,
  withinMs: number,
  isSo: () => Promise<boolean>,
  everyMs = 20,
): Promise<void> {
  const end = performance.now() + withinMs;
  while (!(await isSo())) {
    if (performance.now() > end) throw new Error(`not within ${withinMs / 1000} s: ${what}`);
    await sleep(everyMs);
  }
}
