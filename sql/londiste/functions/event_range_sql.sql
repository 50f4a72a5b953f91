-- The query, as text, of the events of some tables of a set (all for null) that the tick's snapshot sees and i_from
-- does not, in the order of their ids. Retried events are not in it, nor those of producers that name no table. Data that no
-- line of COPY can hold is null.
-- Called by: replay for its batches, copier to catch up. Locks: none.
create or replace function londiste.event_range_sql(
    i_queue_name text, i_from txid_snapshot, i_to_tick bigint, i_table_names text[] default null)
returns text language plpgsql stable set search_path = pg_catalog, pg_temp as $$
declare
    v_queue_id integer := londiste.queue_id(i_queue_name);
    v_to txid_snapshot;
begin
    select t.tick_snapshot into v_to from pgq.tick t where t.tick_queue = v_queue_id and t.tick_id = i_to_tick;
    if not found then
        raise exception 'queue % has no tick % any more', i_queue_name, i_to_tick
            using errcode = 'object_not_in_prerequisite_state', hint = 'londiste ... subscriber resync';
    end if;
    -- Rotation takes the ticks away with the events after them, so the oldest tick tells how far back events are whole.
    if not (select pgq.snapshot_contains(i_from, t.tick_snapshot)
              from pgq.tick t where t.tick_queue = v_queue_id order by t.tick_queue, t.tick_id limit 1) then
        raise exception 'queue % does not have the events since snapshot % any more', i_queue_name, i_from
            using errcode = 'LD002', hint = 'londiste ... subscriber resync copies the table anew';
    end if;
    return format(
        'select e.ev_id, e.ev_time, e.ev_txid, e.ev_retry, e.ev_type,'
        ' case when octet_length(e.ev_data) > 500000000 then londiste.data_for_copy(e.ev_data) else e.ev_data end as ev_data,'
        ' e.ev_extra1, e.ev_extra2, e.ev_extra3, e.ev_extra4 from (%s) e'
        ' where e.ev_extra1 is not null%s order by e.ev_id',
        pgq.event_range_sql(v_queue_id, i_from, v_to, null),
        case when i_table_names is null then '' else format(' and e.ev_extra1 = any (%L::text[])', i_table_names) end);
end
$$;
