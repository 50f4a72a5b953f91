-- Stores what replay is to apply to a table at a tick, as events: keys with the rows that the provider has at that tick, or gone. Returns the
-- number of the repair, whose row stays as the record of it.
-- Called by: repair. Locks: none.
create or replace function londiste.store_repair(
    i_queue_name text, i_consumer_name text, i_table_name text, i_layout_id text,
    i_counts bigint[], i_types text[], i_flags text[], i_data text[])
returns integer language plpgsql set search_path = pg_catalog, pg_temp as $$
declare
    v_nr integer;
begin
    insert into londiste.repair (queue_name, consumer_name, table_name, missing, extra, different)
    values (i_queue_name, i_consumer_name, i_table_name, i_counts[1], i_counts[2], i_counts[3])
    returning nr into v_nr;
    insert into londiste.repair_event (repair_nr, ev_id, ev_type, ev_extra1, ev_extra2, ev_extra3, ev_data)
    select v_nr, e.ev_id, e.ev_type, i_table_name, i_layout_id, e.flags, e.ev_data
      from unnest(i_types, i_flags, i_data) with ordinality as e (ev_type, flags, ev_data, ev_id);
    return v_nr;
end
$$;
