import type { Session } from '../db/session.js';

/** What two databases must have in common to be called equal: all rows in key order, and the sequence's next value. */
export interface Contents {
  readonly rows: number;
  readonly md5: string;
  readonly nextValue: number;
}

/** Reads the contents of the demo's table and sequence under settings that print values the same everywhere. */
export async function readContents(session: Session): Promise<Contents> {
  return await session.one<Contents>(
    `select count(*)::int as rows,
            coalesce(md5(string_agg((e.*)::text, e'\\n' order by e.id)), '') as md5,
            (select case when s.is_called then s.last_value + 1 else s.last_value end from entry_id_seq s) as "nextValue"
       from entry e`,
  );
}

export function areEqual(a: Contents, b: Contents): boolean {
  return a.rows === b.rows && a.md5 === b.md5 && a.nextValue === b.nextValue;
}
