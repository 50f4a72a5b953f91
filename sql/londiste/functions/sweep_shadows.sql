-- Drops shadows that no table needs any more and that could not be dropped at once, of all subscriptions here. Returns whether
-- some are left, for another time.
-- Called by: the copier, each time that it looks at its tables. Locks: the rows of their tables, for a moment, so that nobody comes
-- to need one meanwhile; it waits for nobody.
create or replace function londiste.sweep_shadows() returns boolean language plpgsql as $$
declare
    v_nr integer;
    v_is_left boolean := false;
begin
    for v_nr in
        select substring(c.relname from 8)::integer
          from pg_catalog.pg_class c
         where c.relnamespace = 'londiste'::regnamespace and c.relkind = 'r' and c.relname ~ '^shadow_[0-9]{1,9}$'
    loop
        continue when exists (select from londiste.table_state t where t.nr = v_nr and londiste.needs_shadow(t));
        perform from londiste.table_state t where t.nr = v_nr for update skip locked;
        if not found and exists (select from londiste.table_state t where t.nr = v_nr) then
            v_is_left := true;
        elsif not exists (select from londiste.table_state t where t.nr = v_nr and londiste.needs_shadow(t)) then
            v_is_left := not londiste.drop_shadow(v_nr) or v_is_left;
        end if;
    end loop;
    return v_is_left;
end
$$;
