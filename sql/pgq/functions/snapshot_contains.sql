-- Whether snapshot a sees every transaction that b sees. Snapshots of one server are ordered by this.
-- Comparing xmin(a) with xmax(b) would say no for as long as one old transaction runs.
-- Called by: pgq.store_tick, londiste.
create or replace function pgq.snapshot_contains(a txid_snapshot, b txid_snapshot) returns boolean
language sql immutable strict parallel safe
as $$
    select txid_snapshot_xmax(b) <= txid_snapshot_xmax(a)
        and not exists (
            select from txid_snapshot_xip(a) as running(xid)
            where running.xid < txid_snapshot_xmax(b) and txid_visible_in_snapshot(running.xid, b)
        );
$$;
