-- Writes the events of a TRUNCATE: one of type truncate, then a row for all that the table holds now. Normally that
-- is nothing, but another trigger of the same statement may have filled the table before ours ran. i_layout,
-- i_signature and i_state (of row_of_table) are those of generation time.
-- Called by: the capture functions of TRUNCATE, which tell of what it raises. Locks: none.
create or replace function londiste.capture_truncate(
    i_queue integer, i_table oid, i_name text, i_layout text, i_signature text, i_state text,
    i_identity text default 'default', i_filter text default null)
returns void language plpgsql set search_path = pg_catalog, pg_temp as $$
declare
    v_into text;
    v_known boolean;
    v_columns text[];
begin
    select format(londiste.event_insert(i_queue), q.queue_cur_table) into v_into
      from pgq.queue q where q.queue_id = i_queue;
    if not found then
        return;
    end if;
    -- For capture_partition_truncate: what it left to this event is told.
    perform set_config(format('londiste.truncate%s_%s', i_queue, i_table), '', true);
    -- No transition table here whose plan a DDL would throw away, so the layout is asked for anew each time.
    v_known := londiste.current_layout(i_table, i_identity) = i_signature;
    execute v_into || format('values (now(), ''truncate'', null, %L, %L, null)', i_name, case when v_known then i_layout end);
    if not londiste.can_read(i_table) then
        return;
    end if;
    if not v_known then
        execute londiste.column_names(londiste.own_rows(i_table)) into v_columns;
        i_layout := londiste.note_layout(v_columns);
        i_state := londiste.row_of_table(i_table, v_columns) || '::text';
    end if;
    execute v_into || format('select now(), ''row:U'', %s, %L, %L, null from %s t%s', i_state, i_name, i_layout,
                             londiste.own_rows(i_table), ' where ' || i_filter);
end
$$;
