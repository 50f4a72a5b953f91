import { expect } from 'vitest';
import type { Session } from '../../src/db/session.js';

/** Waits until `read` gives what `expected` says, and fails with the last difference after `within` milliseconds. */
export async function eventually<T>(read: () => Promise<T> | T, expected: T, within = 20_000): Promise<void> {
  const end = Date.now() + within;
  let last: T;
  do {
    last = await read();
    try {
      expect(last).toEqual(expected);
      return;
    } catch {
      await new Promise((resolve) => setTimeout(resolve, 25));
    }
  } while (Date.now() < end);
  expect(last).toEqual(expected);
}

/** Waits until commands on the provider find a ticker there. */
export function tickerRuns(provider: Session): Promise<void> {
  return eventually(
    async () => (await provider.one<{ a: boolean }>('select pgq.ticker_alive() as a')).a,
    true,
  );
}
