import type { Session } from './session.js';

/** What has `query` as a client of `pg` has it: a `Client`, a `PoolClient`, a `Pool`, or what wraps one. */
export interface Queryable {
  query(text: string, values?: unknown[]): Promise<{ rows: Record<string, unknown>[] }>;
}

/** A session where a client of `pg` is asked for; its failures stay `LondisteError`s. */
export function asQueryable(session: Session): Queryable {
  return { query: async (text, values) => ({ rows: await session.query(text, values) }) };
}
