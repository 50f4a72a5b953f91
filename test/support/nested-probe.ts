/** Counts, in the sequence `state_path`, statements that meet what something else has captured of their table before. */
export const probe = `
  create sequence if not exists state_path;
  create or replace function probe() returns trigger language plpgsql as $f$ begin
    if current_setting('londiste.t1_' || tg_relid, true) = extract(epoch from statement_timestamp())::text and exists (select from seen) then
      perform nextval('public.state_path'); end if; return null; end $f$;`;

/** Fires before our triggers, by its name. */
export const probeTriggers = (table: string): string => `
  create trigger b_probe_i after insert on ${table} referencing new table as seen for each statement execute function probe();
  create trigger b_probe_u after update on ${table} referencing new table as seen for each statement execute function probe();
  create trigger b_probe_d after delete on ${table} referencing old table as seen for each statement execute function probe();`;

/** The same for capture by row: counts rows of which another version stands already. */
export const rowProbe = (table: string): string => `
  create sequence if not exists state_path;
  create or replace function probe() returns trigger language plpgsql as $f$ begin
    if not exists (select from only ${table} t where t.ctid = new.ctid) then perform nextval('state_path'); end if; return null; end $f$;
  create trigger b_probe after insert or update on ${table} for each row execute function probe();`;
