-- A snapshot that sees, or lists as running, every transaction that had an id when this was called.
--
-- An ordinary snapshot does not: it ends at the newest id that is done with, and says nothing of those that run beyond.
-- Whether there may be any is shown by our own id, if it is given out only now. If so, a newer one is made to be done with:
-- that of a subtransaction which writes something, a message for nobody, and is rolled back.
--
-- Called by: pgq.store_tick.
create or replace function pgq.complete_snapshot() returns txid_snapshot
language plpgsql
as $$
declare
    had_id constant boolean := txid_current_if_assigned() is not null;
    own_id constant bigint := txid_current();
    snapshot txid_snapshot := txid_current_snapshot();
begin
    if not had_id and txid_snapshot_xmax(snapshot) >= own_id then
        return snapshot;
    end if;
    begin
        perform pg_logical_emit_message(true, 'pgq', '');
        raise exception sqlstate 'PGQ00';
    exception when sqlstate 'PGQ00' then
        return txid_current_snapshot();
    end;
end;
$$;
