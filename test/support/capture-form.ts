import type { Session } from '../../src/db/session.js';
import type { Which } from './databases.js';
import { queue } from './replica.js';

/** The two forms of capture: both pass the same tests. */
export type Form = 'statement' | 'row';

/** Each server with each form, for describe.each. */
export const servers: readonly (readonly [Which, Form])[] = [
  ['oldest', 'statement'],
  ['oldest', 'row'],
  ['newest', 'statement'],
  ['newest', 'row'],
];

export async function capture(session: Session, table: string, form: Form): Promise<void> {
  await session.query('select londiste.provider_add_table($1, $2, $3)', [queue, table, form]);
}

/**
 * Makes a sequence state_path that counts how often capture has to ask the table: these triggers fire before ours. By
 * statement, where another capture has come before in the same statement (without rows nothing is captured); by row, where the
 * row's version has been replaced already.
 */
export function probeOf(table: string, form: Form): string {
  if (form === 'row') {
    return `create sequence if not exists state_path;
      create or replace function probe() returns trigger language plpgsql as $f$ begin
        if not exists (select from only ${table} t where t.ctid = new.ctid) then perform nextval('state_path'); end if; return null; end $f$;
      create trigger b_probe after insert or update on ${table} for each row execute function probe();`;
  }
  return `create sequence if not exists state_path;
    create or replace function probe() returns trigger language plpgsql as $f$ begin
      if current_setting('londiste.t1_' || tg_relid, true) = extract(epoch from statement_timestamp())::text and exists (select from seen) then
        perform nextval('state_path'); end if; return null; end $f$;
    create trigger b_probe_i after insert on ${table} referencing new table as seen for each statement execute function probe();
    create trigger b_probe_u after update on ${table} referencing new table as seen for each statement execute function probe();
    create trigger b_probe_d after delete on ${table} referencing old table as seen for each statement execute function probe();`;
}
