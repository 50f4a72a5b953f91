import { parseName, parsePattern } from '../db/identifiers.js';
import type { Session } from '../db/session.js';
import { LondisteError } from '../kernel/errors.js';

/**
 * A table or sequence that a user typed, in the form under which it is registered: qualified, and quoted exactly where
 * the server itself would quote it.
 */
export async function registeredName(session: Session, typed: string): Promise<string> {
  const { schema, name } = parseName(typed);
  return (
    await session.one<{ name: string }>(`select format('%I.%I', $1::text, $2::text) as name`, [schema, name])
  ).name;
}

export async function registeredNames(session: Session, typed: readonly string[]): Promise<string[]> {
  const names: string[] = [];
  for (const one of typed) names.push(await registeredName(session, one));
  return [...new Set(names)];
}

/**
 * The registered names that a user means: what was typed as a name, as it is, and for a pattern with `*` or `?` those of
 * `candidates` that it fits.
 *
 * @throws LondisteError `refused` when nothing fits a pattern.
 */
export async function meantNames(
  session: Session,
  typed: readonly string[],
  candidates: () => Promise<readonly string[]>,
): Promise<string[]> {
  const names: string[] = [];
  for (const one of typed) {
    const fits = parsePattern(one);
    if (fits === undefined) {
      names.push(await registeredName(session, one));
      continue;
    }
    const fitting = (await candidates()).filter((name) => fits(parseName(name)));
    if (fitting.length === 0) {
      throw new LondisteError('refused', `nothing here fits ${one}`, {
        hint: 'SCHEMA.* stands for everything in a schema; without a schema it is public',
      });
    }
    names.push(...fitting);
  }
  return [...new Set(names)];
}

/** As `meantNames`; nothing typed means all candidates. */
export function meantOrAll(
  session: Session,
  typed: readonly string[],
  candidates: () => Promise<string[]>,
): Promise<string[]> {
  return typed.length > 0 ? meantNames(session, typed, candidates) : candidates();
}
