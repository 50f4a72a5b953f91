-- The body of the capture function that is fired for each row of a table while it is not what it was when its other
-- capture functions were generated, as text: as unknown_layout_events does for a statement.
-- Called by: create_capture. Locks: none.
create or replace function londiste.capture_row_changed(i_table londiste.provider_table)
returns text language sql stable set search_path = pg_catalog, pg_temp as $$
    select format($body$
declare
    cur   integer := (select q.queue_cur_table from pgq.queue q where q.queue_id = %1$s);
    names text[];
begin
    if cur is null then
        return null;
    end if;
    %2$s
    return null;
end
$body$,
        i_table.queue_id,
        londiste.announce_lost(format($work$execute %7$L into names using case tg_op when 'DELETE' then old else new end;
            execute format(%1$L, cur)
                    || londiste.unknown_layout_events(left(tg_op, 1), %2$s, %3$L, names, %4$L, true, %5$L, %6$L,
                                                      '(select ($1).*)', '(select ($2).*)')
              using old, new;$work$,
            londiste.event_insert(i_table.queue_id), i_table.table_oid, i_table.table_name, i_table.key_columns,
            i_table.replica_identity, i_table.row_filter, londiste.column_names('(select ($1).*)')),
            i_table.queue_id, i_table.table_name))
$$;
