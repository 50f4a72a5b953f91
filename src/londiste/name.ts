import { parseName } from '../db/identifiers.js';
import type { Session } from '../db/session.js';

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
