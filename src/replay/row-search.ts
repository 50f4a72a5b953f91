import type { Session } from '../db/session.js';
import { inSavepoint } from '../db/transaction.js';
import { asLondisteError } from '../kernel/errors.js';

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
  try {
    return await inSavepoint(session, () => run(entries));
  } catch (thrown) {
    const error = asLondisteError(thrown);
    if (session.closed || !error.liesInTable) throw error;
    if (more.length === 0) throw error.at(keyOf(only));
  }
  const middle = entries.length >> 1;
  const first = await searchByHalves(session, entries.slice(0, middle), { run, keyOf });
  return first + (await searchByHalves(session, entries.slice(middle), { run, keyOf }));
}
