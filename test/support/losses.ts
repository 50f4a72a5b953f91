/** How a table loses its capture, and what is said of it then. */
import type { Session } from '../../src/db/session.js';

export interface Loss {
  /** `FUNCTION` in it is the capture function of UPDATE, `TRIGGER` the trigger that calls it, `CHECK` the function K of row triggers. */
  readonly ddl: string;
  /** How what is wrong begins. */
  readonly says: string;
}

export const missing = 'capture triggers are missing or disabled';
export const changed = 'somebody has changed its capture functions';
export const gone = 'the table is gone';

/** The DDL for one table, by the names that its capture has. Triggers of it go by their last letter. */
export async function lossOf(provider: Session, table: string, { ddl }: Loss, op = 'u'): Promise<string> {
  const { trigger, called, check } = await provider.one<{ trigger: string; called: string; check: string }>(
    `select tgname as trigger, tgfoid::regprocedure::text as called, regexp_replace(tgfoid::regproc::text, '.$', 'k') as check
       from pg_trigger where tgrelid = $1::regclass and tgname like '%\\_' || $2`,
    [table, op],
  );
  return ddl
    .replaceAll('FUNCTION', called)
    .replaceAll('CHECK', check)
    .replaceAll('TRIGGER', trigger)
    .replaceAll('TABLE', table);
}
