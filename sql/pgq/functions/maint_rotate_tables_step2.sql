-- Second step of rotation, in a transaction that began after step 1 was committed: notes its xid, so that whoever may
-- still have seen the old current table has a lower one. Returns 0.
-- Called by: the maintainer.
create or replace function pgq.maint_rotate_tables_step2() returns integer
language plpgsql security definer set search_path = pg_catalog, pg_temp
as $$
begin
    update pgq.queue set queue_switch_step2 = txid_current() where queue_switch_step2 is null;
    return 0;
end;
$$;
