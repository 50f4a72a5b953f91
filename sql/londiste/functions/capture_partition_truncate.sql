-- Writes the events of a TRUNCATE of one partition, before it: every row of it is gone, unless the partitioned table is being
-- truncated, which has an event of its own. The first arguments are those of capture_truncate.
-- Called by: the capture functions of partitions, which tell of what it raises. Locks: none.
create or replace function londiste.capture_partition_truncate(
    i_queue integer, i_table oid, i_name text, i_layout text, i_signature text, i_key text[], i_identity text,
    i_filter text, i_partition oid)
returns void language plpgsql set search_path = pg_catalog, pg_temp as $$
declare
    v_into text;
    v_columns text[];
    v_rows text := londiste.own_rows(i_partition);
begin
    select format(londiste.event_insert(i_queue), q.queue_cur_table) into v_into
      from pgq.queue q where q.queue_id = i_queue;
    if not found or current_setting(format('londiste.truncate%s_%s', i_queue, i_table), true) = 'on'
       or not exists (select from pg_partition_ancestors(i_partition) a where a.relid = i_table) then
        return;
    elsif not londiste.can_read(i_partition)
       or current_setting('transaction_isolation') not in ('read committed', 'read uncommitted') then
        -- A snapshot does not show rows that came after it, and TRUNCATE takes them too.
        execute v_into || format('values (now(), ''no-image'', %L, %L, null, null)',
                                 format('TRUNCATE of partition %s, whose rows could not be read', i_partition::regclass), i_name);
        return;
    end if;
    if londiste.current_layout(i_table, i_identity) = i_signature then
        execute v_into || londiste.capture_query(
            'D', i_name, i_layout, i_key, i_key = '{}', i_identity => i_identity, i_filter => i_filter, i_old => v_rows,
            i_old_row => londiste.row_of_table(i_table, (londiste.table_layout(i_table, i_identity)).columns, 'o') || '::text');
        return;
    end if;
    execute londiste.column_names(v_rows) into v_columns;
    execute v_into || londiste.unknown_layout_events('D', i_table, i_name, v_columns, i_key, false, i_identity,
                                                     i_filter, v_rows);
end
$$;
