import type { CompareBench } from '../../src/compare/bench.js';
import { Comparison, type CompareOptions, type TableOutcome } from '../../src/compare/compare.js';
import { applyRepair, type RepairOutcome } from '../../src/compare/repair.js';
import { Session } from '../../src/db/session.js';
import { pinSettings } from '../../src/db/settings.js';
import type { CaptureOptions } from '../../src/londiste/provider.js';
import { addProviderTables } from '../../src/setup/provider.js';
import { addSubscriberTables } from '../../src/setup/subscriber-tables.js';
import { eventually, tickerRuns } from '../support/eventually.js';
import { Daemons, testLog, type Pair } from '../support/pair.js';

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

/** Repairs a table; returns what came of it. */
export function repairTable(pair: Pair, table: string, where?: string): Promise<RepairOutcome> {
  return withBench(pair, async (bench) => {
    const comparison = await Comparison.open(bench);
    const [found] = await comparison.tables([table]);
    if (!found) throw new Error(`no table ${table}`);
    return applyRepair(comparison, found, { where });
  });
}

/** Runs ticker and replay of a pair; returns the replay. */
export async function serve(pair: Pair): Promise<Daemons> {
  Daemons.ticker(pair);
  await tickerRuns(pair.provider);
  return Daemons.replay(pair);
}

/** Has tables replicated, and waits until they are. */
export async function replicate(
  pair: Pair,
  tables: readonly string[],
  options: CaptureOptions = {},
): Promise<void> {
  await addProviderTables(pair.provider, pair.name.queue, tables, options);
  const { added: names } = await addSubscriberTables(pair.ends, tables);
  await eventually(
    () =>
      pair.subscriber.query(
        `select table_name, state, error from londiste.table_state where table_name = any ($1) order by 1`,
        [names],
      ),
    [...names].sort().map((table_name) => ({ table_name, state: 'ok', error: null })),
    30_000,
  );
}
