-- Whether the transaction that left this xmax in a catalogue row that is seen has committed: then the row has been replaced
-- since the snapshot. One that was rolled back leaves an xmax too; one that is open changes nothing that a writer reads.
-- Called by: current_layout, where there is an xmax. Locks: none.
create or replace function londiste.is_replaced(i_xmax xid)
returns boolean language plpgsql stable set search_path = pg_catalog, pg_temp as $$
declare
    v_near bigint := pg_snapshot_xmax(pg_current_snapshot())::text::bigint;
    v_off bigint := i_xmax::text::bigint - (v_near & 4294967295);
begin
    -- The one of its 32 bits that is nearest.
    v_off := v_off - round(v_off / 4294967296.0) * 4294967296;
    return coalesce(pg_xact_status(greatest(v_near + v_off, 3)::text::xid8) = 'committed', false);
exception when invalid_parameter_value then
    -- No transaction at all, but several that have locked the row.
    return true;
end
$$;
