import type { Session } from '../db/session.js';
import { LondisteError } from '../kernel/errors.js';
import { didYouMean } from '../kernel/suggest.js';
import { meantNames, meantOrAll } from '../londiste/name.js';
import { providerGetMissingTables, providerGetTableList } from '../londiste/provider.js';

/**
 * The registered names of the tables that `provider add` means: those that are typed, as names or as patterns of what is not
 * in the set, or all of these when nothing is typed; without those that `except`, names or patterns too, leaves out.
 *
 * @throws LondisteError `refused` when a pattern fits nothing, `except` names no table, or nothing is left.
 */
export async function tablesToAdd(
  session: Session,
  queue: string,
  typed: readonly string[],
  except: readonly string[],
): Promise<string[]> {
  const missing = await providerGetMissingTables(session, queue);
  const meant = await meantOrAll(session, typed, () => Promise.resolve(missing));
  if (meant.length === 0) {
    throw new LondisteError(
      'refused',
      `every table of the database is in the set of queue ${queue} already`,
      {
        hint: 'nothing to do',
      },
    );
  }
  if (except.length === 0) return meant;
  // What is in the set stays out of what is added in any case: a command that is typed again may go on naming it.
  const inSet = (await providerGetTableList(session, queue)).map(({ name }) => name);
  const known = new Set([...missing, ...inSet, ...meant]);
  const left = new Set(await meantNames(session, except, () => Promise.resolve([...known])));
  for (const name of left) if (!known.has(name)) throw meansNothing(name, known);
  const names = meant.filter((name) => !left.has(name));
  if (names.length > 0) return names;
  throw new LondisteError('refused', '--except leaves out every table that is meant', {
    hint: 'leave something to add',
  });
}

/** Passed over, a slip of the pen would add the very table that was to be left out. */
function meansNothing(name: string, known: Iterable<string>): LondisteError {
  return new LondisteError(
    'refused',
    `--except ${name}: no table of that name could be added${didYouMean(name, known)}`,
    { hint: 'write it as SCHEMA.NAME, with double quotes where it has capitals, or leave it out' },
  );
}
