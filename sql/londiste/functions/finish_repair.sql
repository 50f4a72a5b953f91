-- Records what has become of a repair: applied at a tick, or not, and why. Its rows go.
-- Called by: replay in the transaction that reaches the tick, repair when that never came. Locks: the repair's row.
create or replace function londiste.finish_repair(i_nr integer, i_tick_id bigint, i_error text)
returns void language plpgsql set search_path = pg_catalog, pg_temp as $$
begin
    update londiste.repair r
       set tick_id = i_tick_id, error = i_error, applied_at = case when i_tick_id is not null then clock_timestamp() end
     where r.nr = i_nr and r.applied_at is null;
    delete from londiste.repair_event e where e.repair_nr = i_nr;
end
$$;
