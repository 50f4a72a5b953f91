-- What maintenance does for schema londiste; pgq.maint_operations lists it. Returns 0: there is no more to do this time.
-- Called by: the ticker daemon. Locks: see refresh_captures.
create or replace function londiste.periodic_maintenance()
returns integer language plpgsql as $$
begin
    perform londiste.refresh_captures();
    return 0;
end
$$;
