-- Gives back the space of deleted ticks when it is a quarter of the table: the newest ticks stand at its end, where vacuum
-- cannot give back anything before them. Returns 0.
-- Called by: the maintainer, as pgq.maint_operations() says, in a later transaction than the one that deleted the ticks.
-- Locks: ACCESS EXCLUSIVE on pgq.tick, without waiting for it, for the time it takes to copy what is left.
create or replace function pgq.maint_compact_ticks() returns integer
language plpgsql security definer set search_path = pg_catalog, pg_temp
as $$
declare
    bytes constant bigint := pg_total_relation_size('pgq.tick');
begin
    if bytes > 524288 and bytes > 1.3 * (select sum(pg_column_size(t) + 40) from pgq.tick t) then
        lock table pgq.tick in access exclusive mode nowait;
        cluster pgq.tick using tick_pkey;
    end if;
    return 0;
exception when lock_not_available then
    return 0;
end;
$$;
