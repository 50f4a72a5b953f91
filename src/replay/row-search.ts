import type { Session } from '../db/session.js';
import { asLondisteError } from '../kernel/errors.js';

const savepoint = 'londiste_search';

/**
 * Runs a statement over entries that some of them may make fail: then over each half of them alone, until the one is
 * found, whose key goes with the error. Returns what the statements have returned, added up.
 */
export async function searchByHalves(
  session: Session,
  entries: readonly number[],
  { run, keyOf }: { run: (some: readonly number[]) => Promise<number>; keyOf: (entry: number) => string },
): Promise<number> {
  const [only, ...more] = entries;
  if (only === undefined) return 0;
  await session.execute(`savepoint ${savepoint}`);
  try {
    const touched = await run(entries);
    await session.execute(`release savepoint ${savepoint}`);
    return touched;
  } catch (thrown) {
    const error = asLondisteError(thrown);
    if (session.closed || !error.liesInTable) throw error;
    if (more.length === 0) throw error.at(keyOf(only));
    await session.execute(`rollback to savepoint ${savepoint}; release savepoint ${savepoint}`);
  }
  const middle = entries.length >> 1;
  const first = await searchByHalves(session, entries.slice(0, middle), { run, keyOf });
  return first + (await searchByHalves(session, entries.slice(middle), { run, keyOf }));
}
