-- Whether a catalogue row that is seen, with this xmax, has been replaced since, by a transaction that the snapshot does not
-- show. One that it shows and that left the row in sight was rolled back.
-- Called by: current_layout, where there is an xmax. Locks: none.
create or replace function londiste.is_replaced(i_xmax xid)
returns boolean language plpgsql stable set search_path = pg_catalog, pg_temp as $$
declare
    v_snapshot pg_snapshot := pg_current_snapshot();
    v_near bigint := pg_snapshot_xmax(v_snapshot)::text::bigint;
    v_off bigint := i_xmax::text::bigint - (v_near & 4294967295);
begin
    -- The one of its 32 bits that is nearest.
    v_off := v_off - round(v_off / 4294967296.0) * 4294967296;
    return not pg_visible_in_snapshot(greatest(v_near + v_off, 3)::text::xid8, v_snapshot);
end
$$;
