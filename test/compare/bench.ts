import type { CompareBench } from '../../src/compare/bench.js';
import { Comparison, type CompareOptions, type TableOutcome } from '../../src/compare/compare.js';
import { Session } from '../../src/db/session.js';
import { pinSettings } from '../../src/db/settings.js';
import type { Pair } from '../support/pair.js';
import { testLog } from '../support/pair.js';

/** A bench with sessions of its own, as the commands have; they end with `work`. */
export async function withBench<T>(
  pair: Pair,
  work: (bench: CompareBench) => Promise<T>,
  { holdMs = 30_000, waitMs = 2_000 }: Partial<Pick<CompareBench, 'holdMs' | 'waitMs'>> = {},
): Promise<T> {
  const opened: Session[] = [];
  const open = async (side: 'provider' | 'subscriber'): Promise<Session> => {
    const session = await Session.open(pair[`${side}Settings`], { side, applicationName: 'compare' });
    opened.push(session);
    await pinSettings(session, { jit: 'off', lock_timeout: '10000' });
    return session;
  };
  try {
    return await work({
      name: pair.name,
      provider: await open('provider'),
      subscriber: await open('subscriber'),
      readers: { provider: await open('provider'), subscriber: await open('subscriber') },
      holdMs,
      waitMs,
      log: testLog(),
      stop: new AbortController().signal,
    });
  } finally {
    await Promise.all(opened.map((session) => session.end()));
  }
}

/** Compares all tables, or those that are named. */
export function compareAll(
  pair: Pair,
  tables: readonly string[] = [],
  options: CompareOptions = {},
): Promise<TableOutcome[]> {
  return withBench(pair, async (bench) => {
    const comparison = await Comparison.open(bench);
    const outcomes: TableOutcome[] = [];
    for (const table of await comparison.tables(tables))
      outcomes.push(await comparison.compare(table, options));
    return outcomes;
  });
}
