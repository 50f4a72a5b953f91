-- Drops the shadow that a place on a list has, if there is one. Whoever calls this holds locks that others wait for, and so it waits
-- for nobody: one that a copy is just writing to, or somebody reads, is left to sweep_shadows.
-- Called by: what ends the need of it; sweep_shadows. Locks: the shadow, or nothing. Returns whether it is gone.
create or replace function londiste.drop_shadow(i_nr integer) returns boolean language plpgsql as $$
declare
    v_shadow text := 'londiste.shadow_' || i_nr;
begin
    if to_regclass(v_shadow) is null then
        return true;
    end if;
    begin
        execute format('lock table %s in access exclusive mode nowait', v_shadow);
        execute format('drop table %s', v_shadow);
    exception
        when lock_not_available or insufficient_privilege then
            return false;
        when undefined_table then
    end;
    return true;
end
$$;
